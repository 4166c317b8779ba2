"""plaudit: worlds with a known true reward, opinions about them, and agents that learn from those.

Importing this package registers every world with Gymnasium and loads no torch, transformers or
Stable-Baselines3; the rooms load what they need when something is made.
"""

__version__ = "0.1.0"

try:
    # Not `from plaudit import envs`: without links its error would blame a circular import.
    from plaudit.envs.evaluate import Result as Result
    from plaudit.envs.evaluate import evaluate as evaluate
    from plaudit.envs.evaluate import panel as panel
except ModuleNotFoundError as error:
    if error.name != "plaudit.envs":
        raise
    raise ImportError(
        "plaudit/envs is not a folder: this checkout has no symbolic links. plaudit/envs, "
        "plaudit/feedback, plaudit/agents and plaudit/studies must be links to the folders of the "
        "same name; clone with `git clone -c core.symlinks=true`, or install a wheel, which holds "
        "real files."
    ) from error

from plaudit import envs as envs

envs.register()
