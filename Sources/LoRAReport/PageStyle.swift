extension PageAssets {
  /// Colours by the reader's preference, system fonts, and columns that fold on a narrow screen.
  ///
  /// Text has a contrast of 4.5 or more in both schemes. `h0` to `h7` are the steps of the maps.
  static let styleText = """
    :root {
      color-scheme: light dark;
      --paper: #ffffff; --sheet: #f6f7f9; --ink: #15191f; --soft: #4c5664; --line: #d8dde4; --accent: #1f5f9e;
      --fail: #b3261e; --fail-paper: #fdecea; --warn: #7a5200; --warn-paper: #fff4d9; --pass: #1b6b34;
      --pass-paper: #e5f5ea; --note: #33507a; --note-paper: #e8eff9;
      --h0: #f1f6fc; --h1: #dbe9f7; --h2: #c0d8ef; --h3: #9dc1e3; --h4: #78a8d6; --h5: #38709f; --h6: #24588a;
      --h7: #123f6d; --on-low: #15191f; --on-high: #ffffff; --band: #bcd5ee; --mark: #b3261e;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --paper: #11151b; --sheet: #1a2029; --ink: #e8ecf1; --soft: #a9b4c2; --line: #333d4a; --accent: #83bdf2;
        --fail: #ff9d94; --fail-paper: #43191a; --warn: #f0c261; --warn-paper: #3a2c0c; --pass: #82d79b;
        --pass-paper: #14321f; --note: #a6c4f0; --note-paper: #1c2b42;
        --h0: #17212d; --h1: #182e46; --h2: #1a3f61; --h3: #1f507d; --h4: #286397; --h5: #68a6da; --h6: #98c5ec;
        --h7: #cde4f8; --on-low: #f2f6fa; --on-high: #0b0f14; --band: #24496e; --mark: #ff9d94;
      }
    }
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
    body {
      margin: 0 auto; padding: 0 1.25rem 3rem; max-width: 76rem; background: var(--paper); color: var(--ink);
      font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
      overflow-wrap: anywhere;
    }
    header { padding: 2rem 0 0.5rem; }
    .brand { margin: 0; color: var(--soft); font-size: 0.875rem; letter-spacing: 0.04em; }
    h1, h2, h3 { line-height: 1.2; letter-spacing: -0.01em; }
    h1 { margin: 0.15rem 0 0; font-size: clamp(1.6rem, 4vw, 2.2rem); }
    h2 { margin: 0 0 1rem; font-size: 1.4rem; }
    h3 { margin: 2rem 0 0.6rem; font-size: 1.08rem; }
    h4 { margin: 0; font-size: 0.95rem; }
    p { margin: 0 0 0.7rem; max-width: 46rem; }
    a { color: var(--accent); }
    a:focus-visible, button:focus-visible, summary:focus-visible, .scroll:focus-visible {
      outline: 3px solid var(--accent); outline-offset: 2px;
    }
    .skip { position: absolute; left: -100rem; }
    .skip:focus { left: 1rem; top: 0.5rem; padding: 0.4rem 0.8rem; background: var(--paper); z-index: 1; }
    main > section, article { margin-top: 2rem; padding-top: 1.6rem; border-top: 1px solid var(--line); }
    main > section:first-child { border-top: 0; margin-top: 0.6rem; padding-top: 0; }
    nav ul { display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; margin: 0.4rem 0 1rem; padding: 0; list-style: none; }
    code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
    code { font-size: 0.9em; }
    pre { margin: 0; padding: 0.8rem 1rem; font-size: 0.82rem; line-height: 1.45; }
    .code { background: var(--sheet); border-radius: 8px; }
    .soft, caption, figcaption, footer { color: var(--soft); }
    .note { padding: 0.7rem 1rem; background: var(--sheet); border-radius: 8px; max-width: none; }
    footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: 1rem; font-size: 0.875rem; }
    .vh { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    .badge {
      display: inline-block; padding: 0.05rem 0.55rem; border-radius: 999px; font-size: 0.8rem; font-weight: 600;
      letter-spacing: 0; vertical-align: 0.15em; line-height: 1.5; white-space: nowrap;
    }
    .badge.fail, .badge.error { color: var(--fail); background: var(--fail-paper); }
    .badge.warn, .badge.warning { color: var(--warn); background: var(--warn-paper); }
    .badge.pass { color: var(--pass); background: var(--pass-paper); }
    .badge.note { color: var(--note); background: var(--note-paper); }
    .facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(11.5rem, 1fr)); gap: 0.6rem; margin: 0; }
    .facts > div { background: var(--sheet); border-radius: 8px; padding: 0.6rem 0.85rem; min-width: 0; }
    .facts > .wide { grid-column: span 3; }
    .maps { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 33rem), 1fr)); gap: 0 2rem; }
    .maps > div { min-width: 0; }
    dt { color: var(--soft); font-size: 0.8rem; }
    dd { margin: 0; }
    .facts dd { font-weight: 600; font-variant-numeric: tabular-nums; }
    .facts .wide dd { font-weight: 400; font-size: 0.92rem; }
    .facts dd small { display: block; font-weight: 400; color: var(--soft); font-size: 0.82rem; }
    .findings { list-style: none; margin: 0; padding: 0; display: grid; gap: 0.7rem; }
    .findings > li {
      border-left: 4px solid var(--note); background: var(--sheet); border-radius: 0 8px 8px 0;
      padding: 0.7rem 1rem; min-width: 0;
    }
    .findings > .error { border-color: var(--fail); }
    .findings > .warning { border-color: var(--warn); }
    .findings p { margin: 0.25rem 0; max-width: none; }
    .findings dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.1rem 0.9rem; margin: 0.35rem 0 0; }
    .findings dl, .findings dt { font-size: 0.875rem; }
    .scroll { overflow-x: auto; margin: 0 0 0.8rem; border-radius: 8px; }
    table { border-collapse: collapse; font-size: 0.875rem; font-variant-numeric: tabular-nums; }
    caption { text-align: left; padding: 0 0 0.5rem; font-size: 0.875rem; }
    th, td { padding: 0.32rem 0.55rem; text-align: left; vertical-align: baseline; overflow-wrap: normal; }
    thead th { border-bottom: 1px solid var(--line); color: var(--soft); font-weight: 600; vertical-align: bottom; }
    tbody tr + tr > * { border-top: 1px solid var(--line); }
    tbody th { font-weight: 500; }
    .n { text-align: right; white-space: nowrap; }
    .name { min-width: 11rem; overflow-wrap: anywhere; }
    th button {
      font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; text-align: inherit;
    }
    th button::after { content: "\\2195"; padding-left: 0.3em; opacity: 0.7; }
    th[aria-sort="descending"] button::after { content: "\\2193"; opacity: 1; }
    th[aria-sort="ascending"] button::after { content: "\\2191"; opacity: 1; }
    .map { border-collapse: separate; border-spacing: 2px; font-size: 0.8rem; }
    .map th, .map td { padding: 0.12rem 0.4rem; border: 0; }
    .map tbody tr + tr > * { border-top: 0; }
    .map thead th { border: 0; font-weight: 500; text-align: center; line-height: 1.25; }
    .map tbody th { text-align: right; color: var(--soft); font-weight: 400; position: sticky; left: 0; background: var(--paper); }
    .map td { text-align: center; border-radius: 3px; min-width: 2.9rem; white-space: nowrap; }
    .map .out { box-shadow: inset 0 0 0 2px var(--mark); font-weight: 700; }
    .map .bad { background: var(--fail-paper); color: var(--fail); font-weight: 700; }
    .h0 { background: var(--h0); } .h1 { background: var(--h1); } .h2 { background: var(--h2); }
    .h3 { background: var(--h3); } .h4 { background: var(--h4); } .h5 { background: var(--h5); }
    .h6 { background: var(--h6); } .h7 { background: var(--h7); }
    .h0, .h1, .h2, .h3, .h4 { color: var(--on-low); }
    .h5, .h6, .h7 { color: var(--on-high); }
    .legend { display: flex; flex-wrap: wrap; align-items: center; gap: 2px; margin: 0 0 0.9rem; padding: 0; list-style: none; font-size: 0.8rem; }
    .legend li { padding: 0.1rem 0.5rem; border-radius: 3px; }
    .legend .text { padding: 0.1rem 0.5rem 0.1rem 0; color: var(--soft); }
    .charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1rem; margin: 0 0 0.9rem; }
    figure { margin: 0; background: var(--sheet); border-radius: 8px; padding: 0.7rem 0.85rem; min-width: 0; }
    figcaption { font-size: 0.82rem; }
    .chart { display: block; width: 100%; height: auto; margin-top: 0.35rem; }
    .chart .grid { stroke: var(--line); stroke-width: 1; }
    .chart .band { fill: var(--band); }
    .chart .line { fill: none; stroke: var(--accent); stroke-width: 2; stroke-linejoin: round; }
    .chart .held { stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 4 3; }
    .chart text { fill: var(--soft); font-size: 11px; font-family: inherit; }
    .bar { display: block; width: 100%; min-width: 5rem; height: 0.7rem; }
    .bar .all { fill: var(--line); }
    .bar .part { fill: var(--accent); }
    .wide-cell { width: 40%; }
    summary { cursor: pointer; color: var(--accent); padding: 0.2rem 0; }
    details > summary + * { margin-top: 0.5rem; }
    .rule + .rule { margin-top: 1.8rem; }
    .rule h3 { margin-top: 0; }
    @media (max-width: 40rem) {
      body { padding: 0 0.9rem 2rem; }
      .facts { grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); }
      .facts > .wide { grid-column: 1 / -1; }
      .map { font-size: 0.72rem; border-spacing: 1px; }
      .map th, .map td { padding: 0.12rem 0.2rem; }
      .map td { min-width: 2.45rem; }
      .findings dl { grid-template-columns: 1fr; }
      .findings dd { margin-bottom: 0.3rem; }
    }
    @media print {
      .skip, nav { display: none; }
      .scroll { overflow: visible; }
      article { break-before: page; }
    }

    """
}
