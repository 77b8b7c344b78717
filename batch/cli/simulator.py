"""`orderbatch simulator`: runs the local venue, for practice and tests."""

from __future__ import annotations

import os
import threading
from typing import Any

import click

from batch.cli.helping import GroupedCommand


@click.command(
    cls=GroupedCommand,
    epilog="A FAULT is KIND[=VALUE]:OPERATION[:SELECTOR...], such as drop-reply:place:2%; "
    "--fault-help lists them all.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True)
@click.option("--fault", "faults", multiple=True, metavar="FAULT", help="Go wrong; repeatable.")
@click.option("--fault-help", is_flag=True, help="Explain the faults and leave.")
@click.option(
    "--latency",
    "latency_s",
    type=click.FloatRange(min=0),
    default=0.0,
    help="Seconds before each answer.",
)
@click.option(
    "--time-scale",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="How fast the market moves.",
)
@click.option(
    "--client-id-query",
    type=click.Choice(["all", "open", "none"]),
    default="all",
    show_default=True,
    help="Which orders a query by client ID finds.",
)
@click.option(
    "--client-id-delay",
    "client_id_delay_s",
    type=click.FloatRange(min=0),
    default=0.0,
    help="Seconds after which a query by client ID finds an order.",
)
@click.option(
    "--rate-limit",
    "rate_limit_per_s",
    type=click.IntRange(min=1),
    help="Requests a second; then 429.",
)
@click.option(
    "--token-lifetime",
    "token_lifetime_s",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
)
@click.option(
    "--refuse-duplicates", is_flag=True, help="Refuse a second order with the same client ID."
)
def simulator(port: int, faults: tuple[str, ...], fault_help: bool, **options: Any) -> None:
    """Run the local venue on this machine, for practice and tests.

    It takes the login of ORDERBATCH_USER, ORDERBATCH_PASSWORD and ORDERBATCH_ORG where they are
    set; otherwise any, and holds each user to the password that it used first. Ctrl-C ends it.

    \b
    Example, in two terminals:
      orderbatch simulator
      ORDERBATCH_URL=http://127.0.0.1:8080 orderbatch submit orders.xlsx
    """
    from batch.errors import ConfigError
    from batch.simulator import FAULT_HELP, Simulator, SimulatorOptions, parse_fault

    if fault_help:
        click.echo(FAULT_HELP)
        return
    user = os.environ.get("ORDERBATCH_USER") or None
    password = os.environ.get("ORDERBATCH_PASSWORD") or None
    settings = SimulatorOptions(
        user=user,
        password=password,
        hmac_secrets={user: password} if user and password else {},
        org=os.environ.get("ORDERBATCH_ORG") or None,
        accept_duplicates=not options.pop("refuse_duplicates"),
        **options,
    )
    venue = Simulator(settings, port=port)
    for text in faults:
        try:
            venue.add_fault(parse_fault(text))
        except ConfigError as error:
            raise click.BadParameter(str(error), param_hint="--fault") from None
    with venue:
        click.echo(venue.url)
        login = f"{settings.user} of {settings.org}" if settings.user else "any login"
        click.echo(f"A simulated venue at {venue.url} for {login}; Ctrl-C ends it.", err=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            click.echo(f"Ended; it took {len(venue.ledger.orders):,} orders.", err=True)
