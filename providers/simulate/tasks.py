"""All tasks of a simulated swarm as one frozen value, by the service that has them.

A change of one task costs what its service has of them, and not what the swarm has: of thousands most stay as they are
while a change goes from service to service.
"""

from collections.abc import Iterable, Iterator, Mapping

from providers.simulate.workloads import Placed

Groups = dict[str, tuple[Placed, ...]]


class Tasks:
    """Tasks; those of no service are standalone containers. Goes through them by service, in the order of their ids,
    and of one service in the order in which they came.

    waiting: ids of the services of which a task waits for a place.
    """

    __slots__ = ("_groups", "_hash", "_homes", "waiting")

    def __init__(self, tasks: Iterable[Placed] = ()) -> None:
        groups: dict[str, list[Placed]] = {}
        for task in tasks:
            groups.setdefault(task.service_id, []).append(task)
        self._groups: Groups = {service: tuple(of_it) for service, of_it in groups.items()}
        # Where to look for one first. Simulations that part from here go on with it together, and two of them may give
        # different tasks the same id.
        self._homes = {task.id: service for service, of_it in groups.items() for task in of_it}
        self._hash: int | None = None
        self.waiting = frozenset(service for service, of_it in groups.items() if _waits(of_it))

    def __iter__(self) -> Iterator[Placed]:
        for service in sorted(self._groups):
            yield from self._groups[service]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tasks) and self._groups == other._groups

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset(self._groups.items()))
        return self._hash

    @property
    def by_service(self) -> Mapping[str, tuple[Placed, ...]]:
        """Those of each service that has some. Where none of them changed, it is the very same value as before."""
        return self._groups

    def of(self, service_id: str) -> tuple[Placed, ...]:
        """Those of one service."""
        return self._groups.get(service_id, ())

    def get(self, task_id: str) -> Placed | None:
        """One by its id."""
        actual = self.of(self._homes.get(task_id, ""))
        return next((task for tasks in (actual, self) for task in tasks if task.id == task_id), None)

    def with_one(self, task: Placed) -> "Tasks":
        """Return all tasks with this one in place of the one with its id, or as the last of its service."""
        before = self.of(task.service_id)
        self._homes[task.id] = task.service_id
        if any(each.id == task.id for each in before):
            return self._with(task.service_id, tuple(task if each.id == task.id else each for each in before))
        return self._with(task.service_id, (*before, task))

    def without(self, task: Placed) -> "Tasks":
        """Without this one."""
        left = tuple(each for each in self.of(task.service_id) if each.id != task.id)
        return self._with(task.service_id, left)

    def _with(self, service_id: str, tasks: tuple[Placed, ...]) -> "Tasks":
        changed = Tasks.__new__(Tasks)
        changed._groups, changed._homes, changed._hash = {**self._groups, service_id: tasks}, self._homes, None
        if not tasks:
            del changed._groups[service_id]
        waits = _waits(tasks)
        same = waits == (service_id in self.waiting)
        changed.waiting = self.waiting if same else self.waiting ^ {service_id}
        return changed


def _waits(tasks: Iterable[Placed]) -> bool:
    return any([task.state == "pending" for task in tasks])
