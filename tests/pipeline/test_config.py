import pytest

from pipeline import config
from pipeline.errors import OptionError


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    monkeypatch.delenv("STUDIO_MAX_PIXELS", raising=False)


def test_defaults(tmp_path):
    assert config.load(tmp_path).max_pixels == 2_000_000


def test_the_environment_wins_over_the_file(tmp_path, monkeypatch):
    (tmp_path / "studio.toml").write_text("max_pixels = 1000\nmax_waiting = 3\n")
    assert config.load(tmp_path).max_pixels == 1000
    monkeypatch.setenv("STUDIO_MAX_PIXELS", "5_000")
    loaded = config.load(tmp_path)
    assert (loaded.max_pixels, loaded.max_waiting) == (5000, 3)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("max_pixels = ", "must be valid TOML"),
        ("pixels = 5", "unknown settings: pixels"),
        ("max_pixels = 0", "at least 1"),
        ("max_pixels = true", "at least 1"),
        ('max_pixels = "many"', "at least 1"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(tmp_path, text, says):
    (tmp_path / "studio.toml").write_text(text)
    with pytest.raises(OptionError, match=says):
        config.load(tmp_path)


def test_a_wrong_variable_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("STUDIO_MAX_PIXELS", "lots")
    with pytest.raises(OptionError, match="STUDIO_MAX_PIXELS"):
        config.load(tmp_path)
