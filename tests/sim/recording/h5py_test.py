"""A fresh recording, read with h5py, says what `pensim export` says: h5py_test.py PENSIM FOLDER."""
import csv
import io
import pathlib
import subprocess
import sys

try:
    import h5py
except ImportError:
    sys.exit("h5py is missing; help: install python3-h5py (packages.txt)")

SCENARIO = """
title: read by h5py
duration: 400 ms
seed: 7
operator: {press: 2 N, contact: off}
timeline:
  - {at: 10 ms, set: user.rate, to: 120 Hz}
  - {at: 110 ms, set: user.start, to: on}
  - {at: 250 ms, set: operator.contact, to: on}
"""

SIGNALS = ["motor.speed", "needle.force", "battery.voltage", "adc.battery", "pin.hall", "core.reset_cause"]


def table(program, *arguments):
    run = subprocess.run([program, "export", *arguments], check=True, capture_output=True, text=True)
    rows = list(csv.reader(io.StringIO(run.stdout)))
    return rows[0], [[float(cell) for cell in row] for row in rows[1:]]


def expect(found, expected, what):
    if found != expected:
        sys.exit(f"{what}: found {found!r}, expected {expected!r}")


def edited(program, path):
    """What somebody changed is not judged: its hash would say nothing."""

    def judge():
        return subprocess.run([program, "judge", str(path)], capture_output=True, text=True)

    whole = path.read_bytes()
    expect(judge().returncode in (0, 1), True, "judging it")

    def one_value(file):
        speed = file["signals/motor.speed"]
        speed[100] = speed[100] + 1

    def not_a_number(file):
        file["signals/needle.force"][100:200] = float("nan")

    def a_signal(file):
        del file["signals/motor.speed"]

    def the_hash(file):
        file.attrs["hash"] = b"0123456789abcdef"

    for change in (one_value, not_a_number, a_signal, the_hash):
        path.write_bytes(whole)
        with h5py.File(path, "r+") as file:
            change(file)
        run = judge()
        expect(run.returncode, 2, f"judging it after a change of {change.__name__}")
        expect(run.stdout, "", "what it says of it")


def main(program, folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "h5py.yaml").write_text(SCENARIO)
    path = folder / "h5py.h5"
    path.unlink(missing_ok=True)
    command = [program, "run", "h5py.yaml", "--out", "."]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if not path.exists():
        sys.exit(f"{' '.join(command)} left no {path}:\n{run.stdout}{run.stderr}")
    with h5py.File(path) as file:
        expect(file.attrs["format"], b"pensim recording", "format")
        tick_s = file.attrs["tick_ns"] * 1e-9
        head, rows = table(program, str(path), "--signals", ",".join(SIGNALS))
        expect(len(rows), int(file.attrs["ticks"]), "rows of export")
        for column, name in enumerate(SIGNALS, 1):
            data = file["signals"][name]
            unit = data.attrs["unit"].decode()
            expect(head[column], name if unit == "1" else f"{name} [{unit}]", "the heading of a column")
            every = round(data.attrs["period_s"] / tick_s)
            values = data[:]
            for tick, row in enumerate(rows):
                expect(type(values[0])(row[column]), values[tick // every], f"{name} at tick {tick}")
        if file["signals/motor.speed"][:].max() < 100:
            sys.exit("the motor does not turn in this run: nothing was compared")

        head, rows = table(program, str(path), "--strokes")
        strokes = file["strokes"][:]
        expect(len(rows), len(strokes), "strokes")
        if len(strokes) < 3:
            sys.exit(f"found {len(strokes)} strokes, expected at least 3")
        names = file["strokes"].attrs["columns"].decode().split(",")
        units = file["strokes"].attrs["units"].decode().split(",")
        members = strokes.dtype.names[2 : 2 + len(names)]
        for i, (name, unit, member) in enumerate(zip(names, units, members)):
            expect(head[2 + i], name if unit == "1" else f"{name} [{unit}]", "the heading of a column of strokes")
            for row, stroke in zip(rows, strokes):
                expect(type(stroke[member])(row[2 + i]), stroke[member], f"{name} of stroke {row[2]:g}")
        for row, stroke in zip(rows, strokes):
            expect(round(row[1] / tick_s), int(stroke["end_tick"]), "the end of a stroke")
    edited(program, path)
    print(f"{len(SIGNALS)} signals and {len(strokes)} strokes as exported")


main(*sys.argv[1:])
