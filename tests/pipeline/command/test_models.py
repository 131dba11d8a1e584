"""Models on the command line."""

import subprocess
import sys

import pytest

from pipeline.command.cli import main


def test_a_stage_that_was_asked_for_by_name_fails_without_its_model(folder, tmp_path, capsys):
    command = ["restore", str(folder / "coffee.jpg"), "-o", str(tmp_path / "o"), "--deblur", "--deblur-always"]
    code = main([*command, "--deblur-model", "deblurgan-mobilenet"])
    assert code == 1
    assert "models download deblurgan-mobilenet" in capsys.readouterr().err


def test_models_are_listed_and_what_is_not_downloaded_is_told(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path))
    assert main(["models", "list"]) == 0
    listed = capsys.readouterr().out
    assert "fast-x4" in listed
    assert "missing" in listed
    assert main(["models", "verify", "fast-x4", "siggraph17"]) == 0
    told = capsys.readouterr().out
    assert "fast-x4: bundled" in told
    assert "siggraph17: missing" in told


def test_a_tampered_model_is_named_with_what_was_expected(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path))
    (tmp_path / "RealESRGAN_x4plus.pth").write_bytes(b"something else")
    assert main(["models", "verify", "realesrgan-x4plus"]) == 1
    assert "expected" in capsys.readouterr().err.lower()


@pytest.mark.slow
def test_the_default_chain_imports_neither_torch_nor_streamlit(folder, tmp_path):
    script = (
        "import sys; from pipeline.command.cli import main\n"
        f"code = main(['restore', {str(folder / 'coffee.jpg')!r}, '-o', {str(tmp_path / 'o.png')!r}])\n"
        "print(code, sorted({'torch', 'streamlit', 'spandrel'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "0 []"
    assert "\r" not in run.stderr  # no progress line in a pipe
