"""Airflow: tries again while that is of use, and fails at once where a person must look."""

import subprocess
from datetime import datetime, timedelta

from airflow.decorators import dag, task
from airflow.exceptions import AirflowFailException

A_PERSON_MUST_LOOK = (2, 3, 5, 78)
"""Wrong usage, a refused sheet, an UNKNOWN order, wrong settings: a retry changes none of them."""


@dag(schedule="30 16 * * 1-5", start_date=datetime(2026, 1, 1), catchup=False)
def end_of_day_orders() -> None:
    @task(retries=3, retry_delay=timedelta(minutes=10))
    def send(ds: str) -> None:
        command = [
            "/opt/orderbatch/bin/orderbatch",
            "submit",
            f"/srv/eod/{ds}.csv",
            "--yes",
            "--run",
            ds,
            "--config",
            "/etc/orderbatch/config.toml",
        ]
        code = subprocess.run(command, check=False).returncode
        if code in A_PERSON_MUST_LOOK:
            raise AirflowFailException(f"orderbatch exited {code}: a person must look")
        if code not in (0, 1):
            raise RuntimeError(f"orderbatch exited {code}: try again")

    send(ds="{{ ds }}")


end_of_day_orders()
