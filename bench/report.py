# SPDX-License-Identifier: Apache-2.0
"""Tables of a run of the bench, in Markdown: for the terminal and for RESULTS.md."""
import statistics

RATIOS = ("haproxy", "squid", "sslsplit", "mitmproxy")

# mode: (peer, at most this ratio, the aim). The least and the aim of the project's goals.
GOALS = {
    "keep": [("haproxy", 1.25, 0.9), ("squid", 0.5, None)],
    "keep64": [("haproxy", 1.2, 1.0), ("squid", 0.5, None)],
    "h2": [("haproxy", 1.4, 1.1)],
    "socket": [("haproxy", 1.4, 1.15), ("squid", 1.25, None)],
    "new": [("haproxy", 1.7, None), ("squid", 0.25, 0.20)],  # the upstream connection comes from the pool
    "resume": [("squid", 0.25, 0.20)],
    "post4k": [("haproxy", 1.7, 1.3), ("squid", 0.75, None)],
    "post64k": [("haproxy", 1.8, 1.4), ("squid", 1.0, None)],
    "post1m": [("haproxy", 1.9, 1.6), ("squid", 1.1, None)],
    "down10m": [("haproxy", 1.15, 1.0), ("squid", 0.5, None)],
}
CALLS = {"keep": (9, 7), "post4k": (10, 8), "new": (65, 50)}
IDLE = (48, 36)


def short(value):
    """Three digits are all that is meant."""
    if value >= 10000:
        return f"{value / 1000:.1f}k"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def spread(values):
    return f"{short(statistics.median(values))} ({short(min(values))}-{short(max(values))})"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def good(cells):
    """Cells in which the peer did its work: hardly a failure."""
    return [cell for cell in cells if cell["requests"] and cell["failed"] <= cell["requests"] / 100]


def per_mode(results, names, value):
    rows = []
    for mode, peers in results["cells"].items():
        row = [f"`{mode}`"]
        for name in names:
            cells = good(peers.get(name, []))
            row.append(value(cells) if cells else ("fails" if peers.get(name) else "-"))
        rows.append(row)
    return table(["mode", *names], rows)


def ratios(cells, others):
    """Inside each round."""
    other = {cell["round"]: cell for cell in good(others)}
    return [cell["cpu"] / other[cell["round"]]["cpu"] for cell in good(cells) if cell["round"] in other]


def ratio_table(results, names):
    rows = []
    for mode, peers in results["cells"].items():
        row = [f"`{mode}`"]
        for name in names:
            found = ratios(peers.get("stoa", []), peers.get(name, []))
            text = spread(found) if found else "-"
            for peer, least, aim in GOALS.get(mode, []):
                if found and peer == name:
                    middle = statistics.median(found)
                    reached = "aim" if aim is not None and middle <= aim else "goal" if middle <= least else "missed"
                    text += f" {reached}: {least}" + (f"/{aim}" if aim is not None else "")
            row.append(text)
        rows.append(row)
    return table(["mode", *(f"stoa / {name}" for name in names)], rows)


def process_table(results):
    """What each process of the gateway's family used."""
    cells = {mode: good(peers.get("stoa", [])) for mode, peers in results["cells"].items()}
    roles = list(dict.fromkeys(role for found in cells.values() for cell in found for role in cell["by"]))
    rows = [[f"`{mode}`", *(short(statistics.median(cell["by"].get(role, 0) for cell in found)) for role in roles)]
            for mode, found in cells.items() if found]
    return table(["mode", *roles], rows)


def latency(cells):
    return " / ".join(short(statistics.median([cell[key] for cell in cells]) / 1000) for key in ("p50", "p99", "p999"))


def resumption(results, names):
    cells = results["cells"].get("resume", {})
    said = []
    for name in names:
        offered = sum(cell["offered"] for cell in cells.get(name, []))
        if offered:
            said.append(f"{name} {100 * sum(cell['resumed'] for cell in cells[name]) / offered:.0f} %")
    return ", ".join(said)


def calls_table(results, names):
    rows = []
    for mode, peers in results["calls"].items():
        row = [f"`{mode}`"]
        for name in names:
            row.append(f"{sum(peers[name].values()):.1f}" if peers.get(name) else "-")
        rows.append([*row, f"{CALLS[mode][0]} / {CALLS[mode][1]}"])
    return table(["mode", *names, "goal / aim"], rows)


def calls_of(results, name):
    lines = []
    for mode, peers in results["calls"].items():
        most = sorted(peers.get(name, {}).items(), key=lambda pair: -pair[1])[:9]
        if most:
            lines.append(f"- {name}, `{mode}`: " + ", ".join(f"{call} {count:.1f}" for call, count in most))
    return "\n".join(lines)


def idle_table(results, names):
    rows = []
    for over, peers in results["idle"].items():
        for name in (n for n in names if n in peers):
            found = peers[name]
            rows.append([name, over, spread([one["kib"] for one in found]),
                         f"{statistics.median(one['sockets'] for one in found):.2f}", short(found[0]["start_mib"]),
                         str(sum(one["lost"] for one in found))])
    return table(["peer", "over", "KiB a connection", "sockets a connection", "MiB at the start", "lost"], rows)


def render(results):
    names = [name for name in results["versions"] if name != "direct"]
    everybody = list(results["versions"])
    parts = [f"{results['rounds']} rounds of {results['seconds']} s a cell; median (min-max). Load average at the start of "
             f"each round: {', '.join(f'{load:.1f}' for load in results['load'])}.",
             "## CPU of the proxy, us a request\n\n"
             + per_mode(results, names, lambda cells: spread([cell["cpu"] for cell in cells]))]
    others = [name for name in RATIOS if name in names]
    if "stoa" in names and others:
        parts.append("## Stoa's CPU as a ratio, inside each round\n\nBehind a ratio: the goal (at most), and the aim.\n\n"
                     + ratio_table(results, others))
    if "stoa" in names:
        parts.append("## Stoa's CPU by process, us a request\n\n" + process_table(results))
    parts.append("## Requests a second, one core for the proxy\n\n`direct` is where load and origin end: no figure near it "
                 "says anything about the proxy.\n\n"
                 + per_mode(results, everybody, lambda cells: short(statistics.median([c["rate"] for c in cells]))))
    parts.append("## Latency at that rate, ms: p50 / p99 / p99.9\n\n" + per_mode(results, everybody, latency))
    if resumption(results, everybody):
        parts.append(f"Offered sessions that were resumed: {resumption(results, everybody)}.")
    refused = results["cells"].get("refuse4k", {}).get("stoa", [])
    if refused:
        parts.append(f"Posts with a planted IBAN: {sum(c['requests'] for c in refused)}, refused "
                     f"{sum(c['refused'] for c in refused)}; the origin saw it {results['secrets']} times.")
    if results["idle"]:
        parts.append(f"## Memory of an idle connection\n\nOne GET, or one message and its echo, done, then silent. "
                     f"Two sockets: both ends are open, as a WebSocket's are (goal {IDLE[0]} KiB, aim {IDLE[1]}); one: the upstream end went back to a pool (aim 24).\n\n" + idle_table(results, names))
    if results["calls"]:
        parts.append("## System calls a request (strace -c)\n\n" + calls_table(results, names) + "\n\n"
                     + calls_of(results, "stoa"))
    if results["scan"]:
        parts.append(f"`stoa scan` of 16 MiB of the same prose, all shipped detectors: {spread(results['scan'])} MB for each "
                     "second of CPU.")
    return "\n\n".join(parts) + "\n"


def write(results, text, path):
    """RESULTS.md: the run, and below the mark what a person noted about it, which is kept."""
    mark = "## Where the time goes"
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    notes = old[old.index(mark):] if mark in old else f"{mark}\n\nNot looked into yet.\n"
    versions = "\n".join(f"- {name}: {version}" for name, version in results["versions"].items())
    modes = table(["mode", "what it is"], [[f"`{mode}`", what] for mode, what in results["modes"].items()])
    path.write_text(f"# What was measured\n\n{results['date']}, `{results['command']}`, on {results['machine']}.\n\n"
                    f"{versions}\n\n{modes}\n\n{text}\n{notes}", encoding="utf-8")
