"""What a journal in a server is called in messages."""

from __future__ import annotations

import pytest

from batch.journal.postgres.naming import find_server


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("postgresql://db.example/fx", "db.example/fx"),
        ("postgresql://desk@db.example:5433/fx?sslrootcert=/ca", "db.example:5433/fx"),
        ("postgresql://db1.example,db2.example/fx", "db1.example,db2.example/fx"),
        ("postgresql://db1.example:5433,db2.example/fx", "db1.example:5433,db2.example/fx"),
        ("postgresql:///fx?host=db1,db2&port=5433", "db1:5433,db2:5433/fx"),
        ("postgresql://[2001:db8::7]:5433/fx", "[2001:db8::7]:5433/fx"),
        ("postgresql:///fx", "/fx"),
    ],
)
def test_a_journal_is_named_by_its_servers_and_their_ports(url: str, named: str) -> None:
    assert find_server(url).where == f"journal postgresql://{named}"
