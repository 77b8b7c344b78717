"""`orderbatch stop`: running processes stop sending, from any terminal."""

from __future__ import annotations

from dataclasses import replace

import click

from batch.cli.helping import GroupedCommand
from batch.cli.opening import CommonOptions, end, open_desk
from batch.cli.options import RUNNING, common, option, running
from batch.desk.options import RunningOptions


@click.command(cls=GroupedCommand)
@click.argument("batches", metavar="[BATCH]...", nargs=-1)
@option(RUNNING, "--all", "everything", is_flag=True, help="Every batch, and every new sheet.")
@option(RUNNING, "--cancel", "cancels", is_flag=True, help="Cancel what is open, too.")
@option(RUNNING, "--release", is_flag=True, help="Lift the stop; nothing is sent by this alone.")
@running
@common
def stop(
    batches: tuple[str, ...],
    everything: bool,
    cancels: bool,
    release: bool,
    running: RunningOptions,
    common: CommonOptions,
) -> int:
    """Have running processes stop sending at once, whoever started them and wherever.

    The stop stands in the journal until --release lifts it. A process that runs such a batch sends
    nothing more within two seconds, records what it still learns, writes its report and exits 130.
    While --all stands, submit refuses every sheet.

    With --cancel, what another process has open is cancelled by that process; this one waits for
    it, up to --wait, and exits 4 where something may be open yet. What is open of another login,
    and run by nobody, is left and named.

    \b
    Examples:
      orderbatch stop k3vz7q2m
      orderbatch stop --all --cancel
      orderbatch stop --all --release
    """
    if everything is bool(batches):
        raise click.UsageError("say which batches, or --all.")
    if release and cancels:
        raise click.UsageError("--release and --cancel contradict each other; say one of them.")
    desk = open_desk(common)
    chosen = None if everything else batches
    if release:
        return end(desk.release(chosen))
    return end(desk.stop(chosen, replace(running, list_orders=False), cancel=cancels))
