"""Where a journal must not lie: on another machine, in memory, on a mount of its own."""

from __future__ import annotations

import re
from pathlib import Path, PurePath

from batch.errors import Advice, JournalError

MOUNTS = Path("/proc/self/mountinfo")
"""Linux's own list of what is mounted where."""

NETWORK_SYSTEMS = frozenset(
    {
        *("9p", "afs", "afpfs", "ceph", "cifs", "coda", "davfs", "glusterfs", "lustre"),
        *("ncpfs", "nfs", "nfs4", "prl_fs", "smb2", "smb3", "smbfs", "vboxsf", "vmhgfs"),
        *("beegfs", "gpfs", "orangefs"),
    }
)

MEMORY_SYSTEMS = frozenset({"tmpfs", "ramfs"})

LOCAL_FUSE_SYSTEMS = frozenset(
    {"fuse.ntfs-3g", "fuse.ntfs", "fuse.exfat", "fuse.encfs", "fuse.gocryptfs", "fuse.cryfs"}
)
"""File systems of user programs that keep their files on this machine; others may not."""


def network_system(path: PurePath, mounts: Path | None = None) -> str | None:
    """Name the network file system that a path lies on; None where it is local, or unknown.

    Args:
        path: absolute, with its symbolic links resolved.
        mounts: a list in the form of Linux's mountinfo; the system's own by default. Where there is
            none only Windows' network paths are recognised.
    """
    if _is_share(path):
        return "a Windows share"
    system = _system_of(path, _read_mounts(mounts))
    if system in NETWORK_SYSTEMS:
        return system
    if system.startswith("fuse.") and system not in LOCAL_FUSE_SYSTEMS:
        return system
    return None


def memory_system(path: PurePath, mounts: Path | None = None) -> str | None:
    """Name the file system in memory that a path lies on; None where it is on a disk, or unknown.

    Args:
        path, mounts: as of `network_system`.
    """
    system = _system_of(path, _read_mounts(mounts))
    return system if system in MEMORY_SYSTEMS else None


def is_mount_point(path: PurePath, mounts: Path | None = None) -> bool:
    """Say whether something is mounted exactly here, and not on a folder above.

    Args:
        path, mounts: as of `network_system`.
    """
    return any(point == path for point, _ in _read_mounts(mounts))


def refuse_drive(
    where: str, path: PurePath, *, allow_network: bool = False, allow_memory: bool = False
) -> None:
    """Make sure that a journal lies on a disk of this machine, with the files beside it.

    Raises:
        JournalError: it does not; says what is there and how to overrule.
    """
    if is_mount_point(path):
        # What is beside it, the write-ahead file and the locks, is not what others have beside it.
        raise JournalError(
            f"{where}: expected its whole folder, found a file that is mounted by itself, as "
            "containers do: what was sent last stands in a file beside it, which is left behind, "
            "and two containers would send the same. Mount the folder instead.",
            is_final=True,
        )
    system = None if allow_network else network_system(path)
    if system is not None:
        raise JournalError(
            f"{where}: expected a disk of this machine, found a network drive ({system}), whose "
            "locks do not keep two processes apart for certain. If only this machine ever uses it, "
            "set journal_on_network_drive = true.",
            is_final=True,
            advice=Advice.NAME_LOCAL_JOURNAL,
        )
    system = None if allow_memory else memory_system(path)
    if system is not None:
        raise JournalError(
            f"{where}: expected a disk, found a drive in memory ({system}): with the power the "
            "journal would be gone, and all would be sent again. If what it holds may be lost, set "
            "journal_on_memory_drive = true.",
            is_final=True,
            advice=Advice.NAME_LOCAL_JOURNAL,
        )


def _is_share(path: PurePath) -> bool:
    # A drive of this machine, too, can be written with two backslashes: \\?\C:
    drive = path.drive.upper()
    return drive.startswith("\\\\") and (
        not drive.startswith("\\\\?\\") or drive.startswith("\\\\?\\UNC\\")
    )


def _read_mounts(mounts: Path | None) -> list[tuple[PurePath, str]]:
    """Give what is mounted: where, and which kind of file system; nothing where nobody says."""
    try:
        text = (mounts or MOUNTS).read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return []
    found = []
    for line in text.splitlines():
        # 36 35 98:0 /root /mount/point rw,noatime master:1 - ext4 /dev/sda1 rw
        before, separator, after = line.partition(" - ")
        fields = before.split(" ")
        if separator and len(fields) >= 5:
            found.append((PurePath(_unescape(fields[4])), after.split(" ")[0]))
    return found


def _system_of(path: PurePath, mounts: list[tuple[PurePath, str]]) -> str:
    longest, system = -1, ""
    for point, kind in mounts:
        # Not less: of two mounts on one point the later covers the earlier.
        if path.is_relative_to(point) and len(point.parts) >= longest:
            longest, system = len(point.parts), kind
    return system


def _unescape(text: str) -> str:
    r"""Read mountinfo's `\040` for a blank, and its like."""
    return re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), text)
