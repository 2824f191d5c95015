"""Measures each job on many overlays, and on many hosts: this project, by its own program and by the plugin for any
other, beside the floor, which is Pulumi itself.

The floor is a program with as many resources that do nothing, under the same CLI, virtual environment and backend.
Beside the seconds by the clock stand those of the processors (user and system, of all processes of a job): they say
something on a machine that is busy with other things too.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bench.measuring import Asked, Figures, Spent, no_figures
from bench.programs import PATIENT, REFRESH, UP, Program, lab_hosts, make_a_swarm, networks_alone, programs
from tests.support.what_hosts_show import stack_of


def figures(asked: Asked) -> Figures:
    """Measure each number of overlays, on three hosts of a swarm that somebody else made; then each number of hosts,
    from bare hosts on.
    """
    found = no_figures()
    for count in asked.overlays:
        with lab_hosts(asked) as group:
            make_a_swarm(group)
            measure(asked, f"{count} overlays", networks_alone(group, count), lambda: None, found)
    for count in asked.hosts:
        with lab_hosts(asked, count) as group:
            sections = {**stack_of(group, managers=min(3, count)), "timeouts": PATIENT}
            measure(asked, f"{count} hosts", sections, group.reset, found)
    return found


def measure(asked: Asked, of: str, sections: Mapping[str, Any], prepare: Callable[[], object], found: Figures) -> None:
    """Add figures of all jobs of all rounds. prepare: what is done to the hosts before a program begins its round.

    Programs take turns, so that whatever else the machine does meets all.
    """
    for number in range(1, asked.rounds + 1):
        with programs(asked, floor=True) as all_programs:
            for program in all_programs:
                if not program.floor:
                    prepare()
                for job, work in jobs(program, sections):
                    took = work()
                    found[f"{of}: {job}"][program.name].append(took.elapsed)
                    found[f"{of}: {job}"][f"{program.name}, cpu"].append(took.cpu)
                    print(f"{of}, round {number}: {program.name}: {job}: {took}", flush=True)


def jobs(program: Program, sections: Mapping[str, Any]) -> Iterator[tuple[str, Callable[[], Spent]]]:
    """One round: each job by its name, in the order in which they are done."""
    program.declare(sections)
    yield "up, all added", lambda: program.pulumi(*UP)
    yield "preview", lambda: program.pulumi("preview")
    yield "preview --refresh", lambda: program.pulumi(*REFRESH)
    yield "up, nothing to do", lambda: program.pulumi(*UP)
    if not program.floor and not program.native:  # which have no stack file of ours
        yield "swarmnet drift", lambda: program.swarmnet("drift")
        yield "swarmnet plan", lambda: program.swarmnet("plan")
    if "swarm" not in sections:  # else the hosts are made anew
        program.declare({name: section for name, section in sections.items() if name != "overlays"})
        yield "up, all removed", lambda: program.pulumi(*UP)
