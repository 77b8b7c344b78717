"""Telling network drives from disks of this machine."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from batch.errors import Advice, JournalError
from batch.journal import Journal
from batch.journal.sqlite import drives
from batch.journal.sqlite.drives import is_mount_point, memory_system, network_system
from tests.journal.planned import NOW, add, claim

MOUNTS = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /home/desk rw,relatime - nfs4 server:/home rw,vers=4.2
31 22 0:41 / /mnt/two\040words rw shared:7 master:2 - cifs //server/share rw
32 22 0:42 / /mnt/far rw,nosuid - fuse.sshfs desk@server: rw
33 22 0:43 / /mnt/stick rw,nosuid - fuseblk /dev/sdb1 rw
34 22 0:44 / /mnt/secret rw,nosuid - fuse.gocryptfs /home/x rw
35 22 0:45 / /auto rw - autofs systemd-1 rw
36 35 0:46 / /auto rw - nfs server:/auto rw
37 30 8:2 / /home/desk/local rw - xfs /dev/sdc1 rw
38 22 0:47 / /mnt/windows rw - 9p drvfs rw
39 22 0:48 / /dev/shm rw,nosuid - tmpfs tmpfs rw
40 22 8:1 /srv/journal.db /app/fx/journal.db rw - ext4 /dev/sda1 rw
no mount at all
"""


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    file = tmp_path / "mountinfo"
    file.write_text(MOUNTS.strip(), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("path", "system"),
    [
        ("/var/journal.db", None),
        ("/home/desk/journal.db", "nfs4"),
        ("/home/desktop/journal.db", None),
        ("/home/desk/local/journal.db", None),
        ("/mnt/two words/fx/journal.db", "cifs"),
        ("/mnt/far/journal.db", "fuse.sshfs"),
        ("/mnt/stick/journal.db", None),
        ("/mnt/secret/journal.db", None),
        ("/auto/journal.db", "nfs"),
        ("/mnt/windows/journal.db", "9p"),
    ],
)
def test_the_mount_nearest_to_the_journal_decides(
    mounts: Path, path: str, system: str | None
) -> None:
    assert network_system(PurePosixPath(path), mounts) == system


@pytest.mark.parametrize(
    ("path", "system"),
    [
        (r"\\server\share\journal.db", "a Windows share"),
        (r"\\?\UNC\server\share\journal.db", "a Windows share"),
        (r"C:\desk\journal.db", None),
        (r"\\?\C:\desk\journal.db", None),
    ],
)
def test_windows_shares_are_known_by_their_paths(
    tmp_path: Path, path: str, system: str | None
) -> None:
    assert network_system(PureWindowsPath(path), tmp_path / "none") == system


def test_without_a_list_of_mounts_every_path_is_local(tmp_path: Path) -> None:
    assert network_system(PurePosixPath("/home/desk/journal.db"), tmp_path / "none") is None


@pytest.fixture
def on_network(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the path of a journal in a folder that passes for a network drive."""
    file = tmp_path / "mountinfo"
    file.write_text(f"30 22 0:40 / {tmp_path} rw - nfs4 server:/home rw\n", encoding="utf-8")
    monkeypatch.setattr(drives, "MOUNTS", file)
    return path


def test_a_journal_on_a_network_drive_is_refused_with_the_way_to_overrule(on_network: Path) -> None:
    with pytest.raises(
        JournalError,
        match=r"expected a disk of this machine, found a network drive \(nfs4\).*"
        "set journal_on_network_drive = true",
    ) as caught:
        Journal.open(str(on_network))

    assert caught.value.is_final
    assert [one.advice for one in caught.value.advice] == [Advice.NAME_LOCAL_JOURNAL]

    assert not on_network.exists()


def test_a_journal_on_a_network_drive_is_refused_for_reading_too(on_network: Path) -> None:
    with pytest.raises(JournalError, match="found a network drive"):
        Journal.open(str(on_network), read_only=True)


def test_allowed_on_a_network_drive_it_works_without_shared_memory(on_network: Path) -> None:
    with Journal.open(str(on_network), allow_network=True) as journal:
        add(journal)
        journal.apply("abc", [claim(2)], NOW)
        with journal._database.reading() as connection:
            synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar()

    with closing(sqlite3.connect(on_network)) as connection:
        mode = connection.execute("PRAGMA journal_mode").fetchone()
    assert (mode, synchronous) == (("delete",), 3)
    assert not on_network.with_name("journal.db-shm").exists()


def test_allowed_on_a_network_drive_a_local_journal_is_as_ever(path: Path) -> None:
    with Journal.open(str(path), allow_network=True) as journal:
        add(journal)

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize(
    ("path", "system"),
    [
        ("/dev/shm/journal.db", "tmpfs"),
        ("/dev/shmx/journal.db", None),
        ("/var/journal.db", None),
        ("/home/desk/journal.db", None),
    ],
)
def test_drives_in_memory_are_known(mounts: Path, path: str, system: str | None) -> None:
    assert memory_system(PurePosixPath(path), mounts) == system


def test_a_file_that_is_mounted_by_itself_is_known(mounts: Path) -> None:
    assert is_mount_point(PurePosixPath("/app/fx/journal.db"), mounts)
    assert not is_mount_point(PurePosixPath("/app/fx/other.db"), mounts)
    assert not is_mount_point(PurePosixPath("/home/desk/journal.db"), mounts)


@pytest.fixture
def in_memory(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the path of a journal in a folder that passes for a drive in memory."""
    file = tmp_path / "mountinfo"
    file.write_text(f"39 22 0:48 / {tmp_path} rw - tmpfs tmpfs rw\n", encoding="utf-8")
    monkeypatch.setattr(drives, "MOUNTS", file)
    return path


@pytest.mark.parametrize("read_only", [False, True])
def test_a_journal_in_memory_is_refused_with_the_way_to_overrule(
    in_memory: Path, read_only: bool
) -> None:
    with pytest.raises(
        JournalError,
        match=r"expected a disk, found a drive in memory \(tmpfs\): with the power the journal "
        r"would be gone.*set journal_on_memory_drive = true",
    ) as caught:
        Journal.open(str(in_memory), read_only=read_only)

    assert caught.value.is_final
    assert not in_memory.exists()


def test_allowed_in_memory_it_is_a_journal_like_any_other(in_memory: Path) -> None:
    with Journal.open(str(in_memory), allow_memory=True) as journal:
        add(journal)

    with closing(sqlite3.connect(in_memory)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize("read_only", [False, True])
def test_a_journal_that_is_mounted_by_itself_is_refused_whatever_is_allowed(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read_only: bool
) -> None:
    Journal.open(str(path)).close()
    file = tmp_path / "mountinfo"
    file.write_text(f"40 22 8:1 /srv/j {path} rw - ext4 /dev/sda1 rw\n", encoding="utf-8")
    monkeypatch.setattr(drives, "MOUNTS", file)

    with pytest.raises(JournalError, match="found a file that is mounted by itself") as caught:
        Journal.open(str(path), read_only=read_only, allow_network=True, allow_memory=True)

    assert caught.value.is_final
