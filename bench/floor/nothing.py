"""A dynamic resource of ten properties that reaches nothing: what it costs is Pulumi's own."""

from typing import Any

from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider

Props = dict[str, Any]


class NothingProvider(ResourceProvider):
    """Says that nothing has changed, and gives back what it got."""

    serialize_as_secret_always = False

    def create(self, props: Props) -> CreateResult:
        """Its id is its name."""
        return CreateResult(props["name"], props)

    def diff(self, _id: str, _olds: Props, _news: Props) -> DiffResult:
        """Nothing to do."""
        return DiffResult(changes=False)

    def read(self, id_: str, props: Props) -> ReadResult:
        """Return what the state has."""
        return ReadResult(id_, props)


class Nothing(Resource, module="floor", name="Nothing"):
    """As many properties as an overlay has."""

    def __init__(self, name: str, section: Props) -> None:
        given = {"name": name, "subnet": section["subnet"], "gateway": "", "attachable": False, "internal": False}
        rest = {"encrypted": False, "labels": {}, "on_in_use": "refuse", "protected": False, "settled": True}
        super().__init__(NothingProvider(), name, {**given, **rest}, None)
