#!/usr/bin/env python3
"""Adds up samples of perf by kind of work.

usage: profile.py OUT.md TITLE=REPORT...       REPORT: what `perf report --fields overhead,sym --stdio` prints
"""
import re
import sys

kinds = [  # the first that matches
    ("products with converters", r"detail::converting|convert_block|currents_block|column_kernel|convert_columns"),
    ("products without", r"exact_sums|exact_product"),
    ("calibration of converters", r"observ"),
    ("fp32 reference", r"fp32_product|fp32_engine|fp32_weights"),
    ("F: exponentials, activations, norms", r"lane_exp|lane_erf|lane_tanh|exponential|activat|normalise|softmax|for_each_lane"),
    ("F: scales, biases, codes", r"for_each_result|quantis"),
    ("digits, operands", r"switched_operand|driven_operand|balanced_digits|kv_cache|stacked"),
    ("comparison with the reference", r"evaluate|statistics|quality"),
    ("memory", r"\b_?_?(int_)?(malloc|free|memalign|calloc)|malloc_consol|unlink_chunk|cfree|mem(set|move|cpy)|operator (new|delete)|clear_page|page_fault"),
]


def plain(symbol):
    """The name of a function without arguments of templates and calls, but for the visitor that tells products apart."""
    kept = " ".join(re.findall(r"detail::(?:converting|observing)\b", symbol))
    while True:
        shorter = re.sub(r"<[^<>]*>|\([^()]*\)", "", symbol)
        if shorter == symbol:
            return symbol + " " + kept
        symbol = shorter


def shares(path):
    out = dict.fromkeys([name for name, _ in kinds] + ["the rest"], 0.0)
    for line in open(path, errors="replace"):
        found = re.match(r"\s*([0-9.]+)%\s+(.*)", line)
        if not found:
            continue
        kind = next((name for name, pattern in kinds if re.search(pattern, plain(found.group(2)))), "the rest")
        out[kind] += float(found.group(1))
    return out


def main():
    target, runs = sys.argv[1], [a.split("=", 1) for a in sys.argv[2:]]
    columns = [(title, shares(path)) for title, path in runs]
    lines = ["# Where the time goes", "",
             "Written by `bash bench/profile.sh`: samples of one thread, in percent. What `ohmic deploy` runs has the fp32 reference, int8 without converters,",
             "calibration and `wang2024` in one.", "",
             "|  | " + " | ".join(title for title, _ in columns) + " |", "|---|" + "---|" * len(columns)]
    for kind in columns[0][1]:
        lines.append("| %s | %s |" % (kind, " | ".join("%.1f" % c[kind] for _, c in columns)))
    with open(target, "w") as out:
        out.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
