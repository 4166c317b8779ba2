import pytest
import torch

from plaudit.feedback.models.attention_net import AttentionNet

PAD = 4
TEXT = torch.tensor([[0, 1, 2, PAD, PAD], [PAD, PAD, 0, 1, 2], [0, PAD, 1, PAD, 2]])


@pytest.fixture
def net():
    torch.manual_seed(0)
    made = AttentionNet(PAD, symbols=4, context=8, layers=2, width=8, heads=2)
    torch.nn.init.normal_(made.head.weight)
    return made


def test_padding_is_nowhere_and_its_place_does_not_matter(net):
    score, looked = net(TEXT)
    assert score.tolist() == pytest.approx([score[0].item()] * 3, abs=1e-6)
    assert (looked[TEXT == PAD] == 0).all()
    torch.testing.assert_close(looked[0, :3], looked[1, 2:])
    torch.testing.assert_close(looked.sum(1), torch.ones(3))


def test_without_queries_all_tokens_weigh_the_same(net):
    with torch.no_grad():
        net.last.in_proj_weight[:8] = 0.0  # the queries: q . k = 0 for every token
    assert net(TEXT)[1][0].tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0.0, 0.0])


def test_a_token_behind_the_end_changes_nothing_before_it(net):
    hidden = []
    net.layers[0].register_forward_hook(lambda _, __, out: hidden.append(out))
    net(torch.tensor([[0, 1, 2], [0, 1, 3]]))
    torch.testing.assert_close(hidden[0][0, :2], hidden[0][1, :2])


def test_untrained_scores_are_zero():
    assert AttentionNet(PAD, 4, 8, 1, 8, 2)(TEXT)[0].tolist() == [0.0, 0.0, 0.0]
