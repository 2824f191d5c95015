"""A swarm with the Engine's measured timings, as one frozen value: for plans, tests and proofs.

    simulation.py          what there is: hosts, the swarm, and what is still to happen
    workloads.py      services, tasks and containers, as values
    answering.py      who answers, and with which error who does not
    bridges.py        networks of one host: creation, removal, endpoints
    overlays.py       networks of the swarm: creation, allocation, removal
    host_copies.py    how those come to hosts, and leave them
    scheduling.py     where tasks may run
    tasks.py          all tasks, by their services
    orchestrator.py   which tasks services have, and what a rollout moves
    services.py       services: specs, ports, how updates go
    running.py        tasks on their hosts: how they start and end
    containers.py     what runs beside services
    members.py        joining, roles, leaving, and hosts that come and go
    perform.py        one step, as the hosts would take it
    elapse.py         what happens by itself as time passes
    reads.py          single reads, with the mixtures that real Engines show
    observe.py        the facts, read as from real hosts
    from_snapshot.py  real hosts, as they were read, as a simulation

Each manner names the measurement it follows (docs/dev/measurements.md). What was never measured is not
simulated. No randomness, no clock, no threads: luck (a kick that fails) stands in the simulation, and time passes only
where `elapse` says so.
"""

from providers.simulate.elapse import elapse
from providers.simulate.observe import entries, gwbridge_facts, ingress_facts, node_facts, overlay_facts, swarm_facts
from providers.simulate.perform import perform
from providers.simulate.state import Host, SimulatorState, Timings

__all__ = [
    "Host",
    "SimulatorState",
    "Timings",
    "elapse",
    "entries",
    "gwbridge_facts",
    "ingress_facts",
    "node_facts",
    "overlay_facts",
    "perform",
    "swarm_facts",
]
