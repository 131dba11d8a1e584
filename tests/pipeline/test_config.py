import pytest

from pipeline import config
from pipeline.errors import OptionError


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    for name in ("MAX_PIXELS", "ADMIN_TOKEN", "ALLOWED_HOSTS", "METRICS"):
        monkeypatch.delenv(f"STUDIO_{name}", raising=False)


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
        ('allowed_hosts = "studio.example"', "a list of names"),
        ('allowed_hosts = ["a", 1]', "a list of names"),
        ('metrics = "no"', "true or false"),
        ("metrics = 1", "true or false"),
        ("admin_token = 1234567890123456", "admin_token must be a text"),
        ('admin_token = "short"', "at least 16 characters, not 5"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(tmp_path, text, says):
    (tmp_path / "studio.toml").write_text(text)
    with pytest.raises(OptionError, match=says):
        config.load(tmp_path)


@pytest.mark.parametrize(("name", "text"), [("MAX_PIXELS", "lots"), ("METRICS", "perhaps")])
def test_a_wrong_variable_is_named(tmp_path, monkeypatch, name, text):
    monkeypatch.setenv(f"STUDIO_{name}", text)
    with pytest.raises(OptionError, match=f"STUDIO_{name}"):
        config.load(tmp_path)


def test_settings_of_every_kind_in_the_file_and_the_environment(tmp_path, monkeypatch):
    (tmp_path / "studio.toml").write_text(
        f'allowed_hosts = ["studio.example"]\nmetrics = true\nadmin_token = "{"x" * 16}"\n'
    )
    loaded = config.load(tmp_path)
    assert (loaded.allowed_hosts, loaded.metrics, loaded.admin_token) == (("studio.example",), True, "x" * 16)
    monkeypatch.setenv("STUDIO_ALLOWED_HOSTS", "a.example, b.example")
    monkeypatch.setenv("STUDIO_METRICS", "false")
    monkeypatch.setenv("STUDIO_ADMIN_TOKEN", "y" * 20)
    loaded = config.load(tmp_path)
    assert (loaded.allowed_hosts, loaded.metrics, loaded.admin_token) == (("a.example", "b.example"), False, "y" * 20)


def test_the_admin_token_is_in_no_text(tmp_path):
    assert "secret" not in repr(config.Config(admin_token="secret" * 4))
    (tmp_path / "studio.toml").write_text('admin_token = ["secret"]')
    with pytest.raises(OptionError) as caught:
        config.load(tmp_path)
    assert "secret" not in str(caught.value)
