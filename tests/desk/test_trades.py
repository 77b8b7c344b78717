"""What may be given as the back office's extract of trades, and is none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from batch.desk.trades import read_trades
from batch.errors import GateError


def test_a_pipe_as_file_of_trades_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "trades.json"
    os.mkfifo(path)

    with pytest.raises(GateError, match="expected a plain file of trades, found: a folder, pipe"):
        read_trades(path)


@pytest.mark.parametrize("name", ["/dev/zero", "."])
def test_a_device_or_folder_as_file_of_trades_is_refused(name: str) -> None:
    with pytest.raises(GateError, match="expected a plain file of trades"):
        read_trades(Path(name))


@pytest.mark.parametrize(
    "content",
    ["[" * 100_000, '[{"coId": "a", "orderId": ' + "9" * 5_000 + "}]", '{"coId": "a"}'],
    ids=["nested", "number", "object"],
)
def test_hostile_trades_are_refused_in_words(tmp_path: Path, content: str) -> None:
    path = tmp_path / "trades.json"
    path.write_text(content)

    with pytest.raises(GateError, match=r"expected .*JSON"):
        read_trades(path)
