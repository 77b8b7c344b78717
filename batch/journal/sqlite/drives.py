"""Which folders lie on another machine, where a file's locks cannot be trusted."""

from __future__ import annotations

import re
from pathlib import Path, PurePath

from batch.errors import JournalError

MOUNTS = Path("/proc/self/mountinfo")
"""Linux's own list of what is mounted where."""

NETWORK_SYSTEMS = frozenset(
    {
        *("9p", "afs", "afpfs", "ceph", "cifs", "coda", "davfs", "glusterfs", "lustre"),
        *("ncpfs", "nfs", "nfs4", "prl_fs", "smb2", "smb3", "smbfs", "vboxsf", "vmhgfs"),
        *("beegfs", "gpfs", "orangefs"),
    }
)

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
    try:
        lines = (
            (mounts or MOUNTS).read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        )
    except OSError:
        return None
    system = _system_of(path, lines)
    if system in NETWORK_SYSTEMS:
        return system
    if system.startswith("fuse.") and system not in LOCAL_FUSE_SYSTEMS:
        return system
    return None


def refuse_network(where: str, path: PurePath) -> None:
    """Make sure that a journal lies on a disk of this machine.

    Raises:
        JournalError: it does not; says what is there and how to overrule.
    """
    system = network_system(path)
    if system is not None:
        raise JournalError(
            f"{where}: expected a disk of this machine, found a network drive ({system}), whose "
            "locks do not keep two processes apart for certain. Name a local file with --journal; "
            "or, if only this machine ever uses it, set journal_on_network_drive = true in "
            "config.toml.",
            is_final=True,
        )


def _is_share(path: PurePath) -> bool:
    # A drive of this machine, too, can be written with two backslashes: \\?\C:
    drive = path.drive.upper()
    return drive.startswith("\\\\") and (
        not drive.startswith("\\\\?\\") or drive.startswith("\\\\?\\UNC\\")
    )


def _system_of(path: PurePath, lines: list[str]) -> str:
    longest, system = -1, ""
    for line in lines:
        # 36 35 98:0 /root /mount/point rw,noatime master:1 - ext4 /dev/sda1 rw
        before, found, after = line.partition(" - ")
        fields = before.split(" ")
        if not found or len(fields) < 5:
            continue
        point = PurePath(_unescape(fields[4]))
        # Not less: of two mounts on one point the later covers the earlier.
        if path.is_relative_to(point) and len(point.parts) >= longest:
            longest, system = len(point.parts), after.split(" ")[0]
    return system


def _unescape(text: str) -> str:
    r"""Read mountinfo's `\040` for a blank, and its like."""
    return re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), text)
