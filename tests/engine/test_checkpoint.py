"""Checkpoints are whole or not there, and never run code."""

import os
import pickle

import pytest
import torch

from data.errors import UserError
from engine.density.checkpoint import load_checkpoint, save_checkpoint


def test_round_trip(tmp_path):
    state = {"weights": torch.arange(6.0).view(2, 3), "epoch": 3, "history": [{"loss": [1.5]}]}
    save_checkpoint(state, tmp_path / "a" / "state.pt")
    back = load_checkpoint(tmp_path / "a" / "state.pt")
    assert torch.equal(back.pop("weights"), state.pop("weights"))
    assert back == state


def test_failed_write_leaves_the_older_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "state.pt"
    save_checkpoint({"epoch": 1}, path)

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="No space"):
        save_checkpoint({"epoch": 2}, path)
    assert load_checkpoint(path) == {"epoch": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["state.pt"]


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_truncated_checkpoint_is_named(tmp_path, part):
    path = tmp_path / "state.pt"
    save_checkpoint({"weights": torch.zeros(1000)}, path)
    path.write_bytes(path.read_bytes()[: int(part * path.stat().st_size)])
    with pytest.raises(UserError, match=r"state\.pt"):
        load_checkpoint(path)


@pytest.mark.parametrize("writer", ["torch", "pickle"])
def test_hostile_pickle_is_refused_and_not_run(tmp_path, writer):
    mark, path = tmp_path / "executed", tmp_path / "state.pt"

    class Attack:
        def __reduce__(self):
            return os.system, (f"touch {mark}",)

    if writer == "torch":
        torch.save({"weights": Attack()}, path)
    else:
        path.write_bytes(pickle.dumps(Attack()))
    with pytest.raises(UserError, match="cannot be read"):
        load_checkpoint(path)
    assert not mark.exists()
