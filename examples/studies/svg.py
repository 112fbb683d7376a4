"""Line and bar plots as SVG text, for the studies beside this file. Standard library only."""
from xml.sax.saxutils import escape

COLOURS = ["#1b6ca8", "#d1495b", "#3a7d44", "#edae49", "#6c4a9e", "#30638e", "#8d6a4f", "#2a9d8f", "#7a7a7a", "#b56576"]
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 420, 70, 190, 46, 54


def number(value):
    return f"{value:.6g}"


class plot:
    """Axes with a title; `y` is the range of the vertical axis."""

    def __init__(self, title, x_label, y_label, y):
        self.y, self.parts = y, []
        self.text(LEFT, 24, title, size=15, weight="bold")
        self.text(LEFT + (WIDTH - LEFT - RIGHT) / 2, HEIGHT - 12, x_label, anchor="middle")
        self.parts.append(f'<text transform="translate(16 {TOP + (HEIGHT - TOP - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">{escape(y_label)}</text>')
        for step in range(6):
            value = y[0] + (y[1] - y[0]) * step / 5
            at = self.place_y(value)
            self.parts.append(f'<line x1="{LEFT}" y1="{at:.1f}" x2="{WIDTH - RIGHT}" y2="{at:.1f}" stroke="#ddd"/>')
            self.text(LEFT - 8, at + 4, number(value), anchor="end")

    def place_y(self, value):
        share = (min(max(value, self.y[0]), self.y[1]) - self.y[0]) / (self.y[1] - self.y[0])
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def text(self, x, y, text, anchor="start", size=12, weight="normal"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}">{escape(text)}</text>')

    def legend(self, index, name):
        at = TOP + 16 * index
        self.parts.append(f'<rect x="{WIDTH - RIGHT + 14}" y="{at}" width="12" height="10" fill="{COLOURS[index % len(COLOURS)]}"/>')
        self.text(WIDTH - RIGHT + 32, at + 9, name)

    def lines(self, xs, series):
        """series: name -> one value for each of xs (None: none)."""
        place = lambda i: LEFT + 24 + i * (WIDTH - LEFT - RIGHT - 48) / max(1, len(xs) - 1)
        for i, x in enumerate(xs):
            self.text(place(i), HEIGHT - BOTTOM + 18, str(x), anchor="middle")
        for index, (name, values) in enumerate(series.items()):
            colour = COLOURS[index % len(COLOURS)]
            points = [(place(i), self.place_y(v)) for i, v in enumerate(values) if v is not None]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
            self.parts.extend(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points)
            self.legend(index, name)

    def level(self, index, name, value, dashes):
        """A dashed line across at this value, `index`-th in the legend."""
        at = self.place_y(value)
        line = f'stroke="#000" stroke-width="1.5" stroke-dasharray="{dashes}"'
        self.parts.append(f'<line x1="{LEFT}" y1="{at:.1f}" x2="{WIDTH - RIGHT}" y2="{at:.1f}" {line}/>')
        middle = TOP + 16 * index + 5
        self.parts.append(f'<line x1="{WIDTH - RIGHT + 8}" y1="{middle}" x2="{WIDTH - RIGHT + 28}" y2="{middle}" {line}/>')
        self.text(WIDTH - RIGHT + 32, middle + 4, name)

    def bars(self, groups, series):
        """series: name -> one value for each of groups; the value is written on its bar."""
        room = (WIDTH - LEFT - RIGHT) / len(groups)
        width = 0.8 * room / len(series)
        for g, group in enumerate(groups):
            for line, part in enumerate(group.split("\n")):
                self.text(LEFT + (g + 0.5) * room, HEIGHT - BOTTOM + 14 + 12 * line, part, anchor="middle", size=10)
        for index, (name, values) in enumerate(series.items()):
            for g, value in enumerate(values):
                if value is None:
                    continue
                x, y = LEFT + g * room + 0.1 * room + index * width, self.place_y(value)
                self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width - 1:.1f}" height="{HEIGHT - BOTTOM - y:.1f}" fill="{COLOURS[index % len(COLOURS)]}"/>')
                self.text(x + width / 2, y - 3, f"{value:.3g}", anchor="middle", size=9)
            self.legend(index, name)

    def write(self, path):
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
                       'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>' + "".join(self.parts) + "</svg>\n")
