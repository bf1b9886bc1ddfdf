/** Helpers of the charts: plain text in, SVG text out. */

/** Colours by class, for light and dark alike; chosen to differ in lightness too. */
export const STYLE = `<style>
.chart{font:12px system-ui,sans-serif}
.chart text{fill:#3b3b3b}.chart .title{font-size:14px;font-weight:600}
.chart .grid{stroke:#dcdcdc}.chart .axis{stroke:#8a8a8a}
.chart .limit{stroke:#b3261e;stroke-dasharray:5 4}.chart .limit-text{fill:#b3261e}
.chart .line{fill:none;stroke-width:2}
.chart .s0{stroke:#1f6fd0}.chart .f0{fill:#1f6fd0}
.chart .s1{stroke:#c2570c}.chart .f1{fill:#c2570c}
.chart .s2{stroke:#157f5b}.chart .f2{fill:#157f5b}
.chart .s3{stroke:#7b4bb3}.chart .f3{fill:#7b4bb3}
@media (prefers-color-scheme:dark){
.chart text{fill:#d6d6d6}.chart .grid{stroke:#3d3d3d}.chart .axis{stroke:#8f8f8f}
.chart .limit{stroke:#ff8a80}.chart .limit-text{fill:#ff8a80}
.chart .s0{stroke:#6cb0ff}.chart .f0{fill:#6cb0ff}
.chart .s1{stroke:#ff9d57}.chart .f1{fill:#ff9d57}
.chart .s2{stroke:#4fd1a1}.chart .f2{fill:#4fd1a1}
.chart .s3{stroke:#c4a2f2}.chart .f3{fill:#c4a2f2}
}</style>`;

export const COLOURS = 4;

export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** To a tenth of a pixel: shorter files, the same picture. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Round steps (1, 2 or 5 times a power of ten) from 0 to at least `most`. */
export function niceTicks(most: number, count = 5): number[] {
  if (!(most > 0) || !Number.isFinite(most)) return [0, 1];
  const raw = most / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999) ?? 10) * power;
  const ticks: number[] = [];
  for (let i = 0; ; i++) {
    // Not summed up: 0.1 + 0.2 would be printed as 0.30000000000000004.
    const tick = Number((i * step).toPrecision(12));
    ticks.push(tick);
    if (tick >= most) return ticks;
  }
}
