// The report's style sheet: light and dark by the reader's preference, light on paper.
namespace Engine.Cli;

internal static class ReportStyle
{
    public const string Sheet = """
        :root {
          color-scheme: light dark;
          --paper: #ffffff; --ink: #1b1f24; --faint: #5d6672; --rule: #dfe3e8; --panel: #f5f7f9;
          --a: #1f6feb; --b: #c4570c; --c: #1a7f4b; --d: #8b3fc2; --bad: #c62838;
          --e: #a8780a; --f: #0f8b95; --g: #b0306a; --h: #5d6672;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --paper: #14171b; --ink: #e6e9ed; --faint: #9aa4b0; --rule: #333a42; --panel: #1d2126;
            --a: #6aa8ff; --b: #f0914c; --c: #56c98a; --d: #c58cf0; --bad: #ff7b86;
            --e: #e0b74a; --f: #4fc4cf; --g: #f07fb0; --h: #9aa4b0;
          }
        }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink);
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans",
            sans-serif; }
        main { max-width: 800px; margin: 0 auto; padding: 32px 24px 48px; }
        h1 { font-size: 26px; line-height: 1.2; margin: 0 0 4px; }
        h2 { font-size: 18px; margin: 36px 0 8px; }
        .subtitle, .caption { color: var(--faint); margin: 0 0 12px; }
        .warning { color: var(--bad); margin: 12px 0 0; }
        .caption { font-size: 13px; margin-top: 4px; }
        .headlines { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr));
          gap: 12px; margin: 20px 0 0; }
        .headlines div { background: var(--panel); border-radius: 8px; padding: 12px 14px; }
        .headlines dt { color: var(--faint); font-size: 13px; }
        dd { margin: 0; }
        .headlines .value { font-size: 19px; font-weight: 600; white-space: nowrap;
          font-variant-numeric: tabular-nums; }
        .headlines .note { color: var(--faint); font-size: 12px; }
        .chart { overflow-x: auto; }
        svg { display: block; width: 100%; min-width: 560px; height: auto; }
        svg text { font-size: 12px; fill: var(--faint); }
        .grid { stroke: var(--rule); stroke-width: 1; }
        .axis { stroke: var(--faint); stroke-width: 1; }
        .level { stroke: var(--faint); stroke-width: 1; stroke-dasharray: 5 4; }
        polyline { fill: none; stroke-linejoin: round; }
        .raw { stroke: var(--a); stroke-opacity: 0.3; stroke-width: 1; }
        .line { stroke-width: 2.2; }
        .bar { stroke-width: 1.5; }
        .line.a, .bar.a { stroke: var(--a); }
        .dot.a { fill: var(--a); } .key.a { background: var(--a); }
        .line.b, .bar.b { stroke: var(--b); }
        .dot.b { fill: var(--b); } .key.b { background: var(--b); }
        .line.c, .bar.c { stroke: var(--c); }
        .dot.c { fill: var(--c); } .key.c { background: var(--c); }
        .line.d, .bar.d { stroke: var(--d); }
        .dot.d { fill: var(--d); } .key.d { background: var(--d); }
        .line.e, .bar.e { stroke: var(--e); }
        .dot.e { fill: var(--e); } .key.e { background: var(--e); }
        .line.f, .bar.f { stroke: var(--f); }
        .dot.f { fill: var(--f); } .key.f { background: var(--f); }
        .line.g, .bar.g { stroke: var(--g); }
        .dot.g { fill: var(--g); } .key.g { background: var(--g); }
        .line.h, .bar.h { stroke: var(--h); }
        .dot.h { fill: var(--h); } .key.h { background: var(--h); }
        .line.faint { stroke: var(--rule); } .dot.faint { fill: var(--faint); }
        .legend { font-size: 13px; margin: 0 0 4px; }
        .key { display: inline-block; width: 18px; height: 3px; vertical-align: middle;
          margin: 0 6px 0 0; }
        .key:not(:first-child) { margin-left: 18px; }
        .mark { fill: hsl(var(--hue) 65% 50%); fill-opacity: 0.75; }
        .cross { stroke: hsl(var(--hue) 65% 50%); stroke-width: 1.3; fill: none; }
        .key.hue { background: hsl(var(--hue) 65% 50%); }
        .matrix th, .matrix td { padding: 4px 8px; text-align: right; }
        .matrix .right { background: color-mix(in srgb, var(--c) var(--share), transparent); }
        .matrix .confused { background: color-mix(in srgb, var(--bad) var(--share), transparent); }
        table { border-collapse: collapse; font-size: 14px; }
        .numbers { margin-top: 8px; }
        .numbers th, .numbers td { padding: 4px 16px 4px 0; text-align: right;
          border-bottom: 1px solid var(--rule); font-variant-numeric: tabular-nums; }
        th { font-weight: 500; color: var(--faint); }
        .episode { width: 100%; }
        .episode th, .episode td { text-align: left; vertical-align: top; padding: 8px 16px 4px 0;
          border-bottom: 1px solid var(--rule); }
        .episode tbody th { color: var(--ink); font-weight: 400; font-size: 13px; width: 24%; }
        figure { display: inline-block; margin: 0 8px 4px 0;
          text-align: center; vertical-align: top; }
        figure img { width: 56px; height: 56px; image-rendering: pixelated; border-radius: 4px;
          display: block; border: 2px solid var(--rule); }
        .wrong img { border-color: var(--bad); }
        figcaption { font-size: 12px; line-height: 1.4; color: var(--faint); }
        .wrong figcaption { color: var(--bad); font-weight: 600; }
        .settings { display: grid; grid-template-columns: repeat(auto-fill, minmax(220px, 1fr));
          gap: 2px 24px; margin: 0; font-size: 14px; }
        .settings div { display: flex; justify-content: space-between; gap: 12px;
          border-bottom: 1px solid var(--rule); padding: 3px 0; }
        .settings dt { color: var(--faint); }
        .settings dd { text-align: right; overflow-wrap: anywhere; }
        @media print {
          :root { --paper: #fff; --ink: #000; --faint: #444; --rule: #ccc; --panel: #fff;
            --a: #1f6feb; --b: #c4570c; --c: #1a7f4b; --d: #8b3fc2; --bad: #c62838; }
          main { max-width: none; padding: 0; }
          .headlines div { border: 1px solid var(--rule); }
          section, tr, figure { break-inside: avoid; }
          figure img { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
        }
        """;
}
