import pytest
import torch

from plaudit.feedback.models.networks import TokenConvNet, VectorNet


def tokens(context=3, pad_id=None):
    return TokenConvNet(8, context, 16, 2, pad_id, torch.Generator().manual_seed(0))


def vectors(obs_dim=3, action_dim=4):
    return VectorNet(obs_dim, action_dim, 16, 2, torch.Generator().manual_seed(0))


def test_token_features_are_the_last_tokens_and_the_action():
    window = torch.tensor([[8, 1, 2, 3], [8, 8, 8, 4]])
    assert tokens().features(window, torch.tensor([5, 6])).tolist() == [[2, 3, 5], [8, 4, 6]]


def test_a_window_shorter_than_the_context_is_padded_on_the_left():
    features = tokens(context=4, pad_id=0).features(torch.tensor([[3]]), torch.tensor([5]))
    assert features.tolist() == [[0, 0, 3, 5]]


def test_context_one_sees_the_action_only():
    features = tokens(context=1).features(torch.tensor([[1, 2]]), torch.tensor([5]))
    assert features.tolist() == [[5]]


def test_integer_actions_become_one_hot_and_floats_stay():
    obs = torch.tensor([[1.0, 2.0, 3.0]])
    features = vectors().features(obs, torch.tensor([2]))
    assert features.tolist() == [[1, 2, 3, 0, 0, 1, 0]]
    features = vectors(action_dim=2).features(obs, torch.tensor([[0.5, -1.0]]))
    assert features.tolist() == [[1, 2, 3, 0.5, -1]]


@pytest.mark.parametrize("net", [tokens(), vectors()])
def test_untrained_rewards_are_zero_for_every_member(net):
    features = torch.ones(5, 3 if isinstance(net, TokenConvNet) else 7).long()
    assert torch.equal(net(features), torch.zeros(2, 5))


def test_members_start_unlike_and_do_not_mix():
    net = tokens()
    with torch.no_grad():
        net.head.last[0] = 1.0
    first, second = net(torch.tensor([[1, 2, 3]]))
    assert first.abs() > 0
    assert second == 0
    assert not torch.equal(net.table[0], net.table[1])


def test_standardising_keeps_what_never_varies_finite():
    net = vectors()
    net.normalise(torch.tensor([[0.0, 5.0, 1.0, 0, 0, 0, 1], [2.0, 5.0, 3.0, 0, 0, 1, 0]]))
    assert net.mean[:3].tolist() == [1, 5, 2]
    assert net.std[:3].tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("net", "obs", "action", "message"),
    [
        (tokens(), torch.tensor([[9]]), torch.tensor([0]), r"token ids must be in 0..8, got"),
        (tokens(), torch.zeros(1, 2, 2), torch.tensor([0]), r"a window of ids \(L,\)"),
        (vectors(), torch.zeros(1, 3), torch.tensor([4]), r"actions must be in 0..3, got 4..4"),
        (vectors(), torch.zeros(1, 5), torch.tensor([0]), "expected obs_dim 3 and action_dim 4"),
    ],
)
def test_what_the_network_cannot_take_is_refused(net, obs, action, message):
    with pytest.raises(ValueError, match=message):
        net.features(obs, action)


def test_sizes_below_one_are_refused():
    with pytest.raises(ValueError, match="context must be at least 1, got 0"):
        tokens(context=0)
