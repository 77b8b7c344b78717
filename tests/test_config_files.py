"""Settings and passwords as editors write them, and what somebody else put in their place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from batch.cli.logs import set_up_logging
from batch.config import VenueSettings, exposure_of_settings, find_password, load
from batch.errors import ConfigError

TEXT = '[venue]\nuser = "Jürg"\n'


def write_config(folder: Path, content: bytes) -> Path:
    path = folder / "config.toml"
    path.write_bytes(content)
    return path


def user_of(folder: Path) -> str:
    return load(config_path=None, default_dir=folder, environment={}).venue.user


def refusal(folder: Path, **environment: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(config_path=None, default_dir=folder, environment=environment)
    return str(caught.value)


def password_of(path: Path) -> str:
    path.chmod(0o600)
    return find_password(VenueSettings(password_file=path)).password.get_secret_value()


def password_refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        find_password(VenueSettings(password_file=path))
    return str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_row_49_a_config_with_or_without_the_mark_of_an_editor_is_read(
    tmp_path: Path, encoding: str
) -> None:
    write_config(tmp_path, TEXT.replace("\n", "\r\n").encode(encoding))

    assert user_of(tmp_path) == "Jürg"


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("utf-16", "expected a config file in UTF-8, found UTF-16. Save it as UTF-8"),
        ("utf-32", "found UTF-32. Save it as UTF-8"),
        ("utf-16-le", "found a byte that is none"),
        ("cp1252", "found a byte that is none (number 17, counted from 0)"),
    ],
)
def test_row_49_a_config_in_another_encoding_is_refused_with_words(
    tmp_path: Path, encoding: str, words: str
) -> None:
    write_config(tmp_path, TEXT.encode(encoding))

    assert words in refusal(tmp_path)


def test_row_49_a_config_in_ascii_as_utf_16_without_a_mark_is_refused(tmp_path: Path) -> None:
    write_config(tmp_path, "[venue]".encode("utf-16-le"))

    assert "found NUL characters, as in UTF-16" in refusal(tmp_path)


def test_row_49_a_byte_behind_a_mark_is_counted_from_the_files_first(tmp_path: Path) -> None:
    write_config(tmp_path, b"\xef\xbb\xbf# \xfc")

    assert "(number 5, counted from 0)" in refusal(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_row_49_a_password_file_with_or_without_a_mark_is_read(
    tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "password"
    path.write_bytes("sécret\r\n".encode(encoding))

    assert password_of(path) == "sécret"


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252", "utf-16-le"])
def test_row_49_a_password_file_in_another_encoding_is_refused_without_showing_it(
    tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "password"
    path.write_bytes("sécret".encode(encoding))
    path.chmod(0o600)

    words = password_refusal(path)

    assert "expected a password file in UTF-8" in words
    assert "cret" not in words
    assert "xe9" not in words


def test_a_pipe_as_config_password_or_log_file_is_refused_and_not_waited_for(
    tmp_path: Path,
) -> None:
    pipe = tmp_path / "config.toml"
    os.mkfifo(pipe, 0o600)

    assert "found a folder, pipe or device" in refusal(tmp_path)
    assert "found a folder, pipe or device" in password_refusal(pipe)
    with pytest.raises(ConfigError, match="expected a log file, found a pipe"):
        set_up_logging(verbose=False, log_file=pipe, log_format="text")


def test_an_endless_device_as_config_or_password_is_refused() -> None:
    endless = Path("/dev/zero")

    with pytest.raises(ConfigError, match="found a folder, pipe or device"):
        load(config_path=endless, default_dir=Path("/"), environment={})
    assert "found a folder, pipe or device" in password_refusal(endless)


def test_a_folder_as_config_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()

    assert "found a folder, pipe or device" in refusal(tmp_path)


def test_a_config_or_password_file_that_is_too_long_is_refused_unread(tmp_path: Path) -> None:
    path = write_config(tmp_path, b"#" * 1_000_001)
    path.chmod(0o600)

    assert "expected a config file of at most 1,000,000 bytes, found more" in refusal(tmp_path)
    assert "of at most 10,000 bytes, found more" in password_refusal(path)


def test_a_name_that_no_file_can_have_is_refused() -> None:
    assert "found: a name that no file can have" in password_refusal(Path("a\0b"))


@pytest.mark.parametrize("nested", ["x = " + "[" * 50_000, "x = " + "{a=" * 50_000])
def test_a_config_that_is_nested_too_deep_is_refused(tmp_path: Path, nested: str) -> None:
    write_config(tmp_path, nested.encode())

    assert "found tables or lists nested too deep" in refusal(tmp_path)


def test_a_config_with_a_number_of_thousands_of_digits_is_refused(tmp_path: Path) -> None:
    write_config(tmp_path, b"[limits]\nmax_rows = " + b"9" * 5_000)

    assert "found a number that is too long" in refusal(tmp_path)


@pytest.mark.parametrize("name", ["USER", "PASSWORD", "ORG", "URL", "JOURNAL", "CONFIG"])
def test_an_environment_variable_that_is_not_utf_8_is_refused_by_name(
    tmp_path: Path, name: str
) -> None:
    value = b"s\xe9cret".decode("utf-8", "surrogateescape")

    words = refusal(tmp_path, **{f"ORDERBATCH_{name}": value})

    assert f"ORDERBATCH_{name}: expected text in UTF-8" in words
    assert "cret" not in words


def login_file(folder: Path) -> Path:
    path = folder / "password"
    path.write_text("s3cret")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(("mode", "is_refused"), [(0o777, True), (0o1777, False), (0o770, False)])
def test_a_password_file_in_a_folder_that_everybody_writes_into_is_refused(
    tmp_path: Path, mode: int, is_refused: bool
) -> None:
    folder = tmp_path / "shared"
    (folder / "own").mkdir(parents=True)
    path = login_file(folder / "own")
    folder.chmod(mode)

    if is_refused:
        words = password_refusal(path)
        assert f"user of this system may write into {folder}. Run: chmod o-w {folder}" in words
        assert "s3cret" not in words
    else:
        assert password_of(path) == "s3cret"


def test_a_link_to_a_password_file_counts_as_the_file_and_as_itself(tmp_path: Path) -> None:
    own, shared = tmp_path / "own", tmp_path / "shared"
    own.mkdir()
    shared.mkdir()
    path = login_file(own)
    link = shared / "password"
    link.symlink_to(path)
    assert password_of(link) == "s3cret"

    shared.chmod(0o777)
    assert f"write into {shared}" in password_refusal(link)
    shared.chmod(0o755)
    own.chmod(0o777)
    assert f"write into {own}" in password_refusal(link)


@pytest.mark.parametrize(
    ("file_mode", "folder_mode", "named"),
    [
        (0o666, 0o755, "config.toml"),
        (0o602, 0o755, "config.toml"),
        (0o644, 0o777, "."),
        (0o644, 0o1777, None),
        (0o664, 0o775, None),
        (0o644, 0o755, None),
    ],
)
def test_settings_that_everybody_could_change_are_warned_of(
    tmp_path: Path, file_mode: int, folder_mode: int, named: str | None
) -> None:
    path = write_config(tmp_path, b"")
    path.chmod(file_mode)
    tmp_path.chmod(folder_mode)

    words = exposure_of_settings(path)

    if named is None:
        assert words == ""
    else:
        assert words.endswith(f"Run: chmod o-w {tmp_path / named}")
        assert str(path) in words


def test_settings_that_are_not_there_are_not_warned_of(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)

    assert exposure_of_settings(tmp_path / "config.toml") == ""
