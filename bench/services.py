"""Services by the hundred on a swarm, and what reading costs beside them.

Their tasks wait for a place that there is not, with as many dead ones before each as the swarm keeps: 1,200 running
containers, each with a shim of 10 MB, are more than a small machine has. To an Engine's API it is all the same.
"""

from collections.abc import Callable
from functools import partial

from bench.api import Api, Json
from bench.measuring import FETCH, Asked, Row, Spent, median
from bench.programs import REFRESH, UP, made_a_swarm, networks_alone, programs
from tests.support import machines
from tests.support.machines import Host, eventually

COUNT, REPLICAS, HISTORY = 300, 4, 5
OVERLAYS = 100
AT_MOST = 1.2
SECONDS = 1800.0
# So that a task is 3 KB of JSON, as those of real services are.
ENVIRONMENT = [f"SETTING_{number}=https://{number}.example.com/some/where" for number in range(40)]


def rows(asked: Asked) -> list[Row]:
    """Measure what reads hosts, without services and then with them."""
    try:
        group = made_a_swarm(machines.start(asked.group, asked.engine, seconds=FETCH))
        with programs(False) as (ours,):
            ours.declare(networks_alone(group, OVERLAYS))
            ours.pulumi(*UP)
            looks: dict[str, Callable[[], Spent]] = {
                " ".join(REFRESH): lambda: ours.pulumi(*REFRESH),
                "swarmnet drift": lambda: ours.swarmnet("drift"),
                "swarmnet plan": lambda: ours.swarmnet("plan"),
            }
            without, beside = dict[str, Spent](), dict[str, Spent]()
            for found in (without, beside):
                if found is beside:
                    asked.say(f"tasks: {add(next(iter(group)), COUNT, OVERLAYS)}")
                for job, look in looks.items():
                    found[job] = median(look() for _ in range(asked.rounds))
                    asked.say(f"{job}: {found[job]}")
    finally:
        machines.end(asked.group)
    return [
        Row(
            job=f"{COUNT} services x {REPLICAS} tasks x history {HISTORY}: {job}",
            ours=beside[job].elapsed,
            beside=without[job].elapsed,
            of="without them",
            factor=AT_MOST,
            cpu=(beside[job].cpu, without[job].cpu),
        )
        for job in looks
    ]


def add(manager: Host, count: int, networks: int) -> int:
    """Add so many services, each on one of the overlays `app0` and so on, and return how many tasks there are then."""
    api = Api(manager)
    names = [f"web{number}" for number in range(count)]
    ids = [api.create("/services", service(name, "nobody:has-it", [], [])) for name in names]
    eventually(lambda: not any(task["DesiredState"] == "running" for task in api.get("/tasks")), SECONDS)
    for number, (name, each) in enumerate(zip(names, ids, strict=True)):
        wanted = service(name, "busybox:lab", ["node.labels.nobody == has it"], [f"app{number % networks}"])
        api.update(f"/services/{each}", partial(put, wanted))
    eventually(lambda: waiting(api) == count * REPLICAS, SECONDS)
    return len(api.get("/tasks"))


def put(wanted: Json, spec: Json) -> None:
    """Put what is wanted in the place of what a spec has."""
    spec.update(wanted)


def waiting(api: Api) -> int:
    """Return how many tasks have addresses and wait for a place."""
    return sum(task["Status"]["State"] == "pending" for task in api.get("/tasks"))


def service(name: str, image: str, constraints: list[str], networks: list[str]) -> Json:
    """Return a service as the Engine is asked for it. An image that nobody has ends each task before it begins."""
    return {
        "Name": name,
        "TaskTemplate": {
            "ContainerSpec": {"Image": image, "Env": ENVIRONMENT},
            "RestartPolicy": {"Condition": "any", "Delay": 0, "MaxAttempts": HISTORY},
            "Placement": {"Constraints": constraints},
            "Networks": [{"Target": each} for each in networks],
        },
        "Mode": {"Replicated": {"Replicas": REPLICAS}},
        "UpdateConfig": {"Parallelism": 0},
    }
