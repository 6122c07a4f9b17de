/// The look of a report, by day and by night.
enum ReportStyle {
  static let sheet = """
    :root { color-scheme: light dark; --ink: #1c2330; --soft: #5d6778; --paper: #fbfbfc; --card: #ffffff;
      --line: #dfe3ea; --accent: #2459c5; --mark: #b3261e; --forward: #3f74d9; --backward: #7d5bc9;
      --communication: #d97706; --hidden: #f0c27a; --update: #0f8a6d; --wait: #c33c3c; --data: #8a8f99;
      --step: #cfd6e2; --bar: #ffffff; }
    @media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #9aa4b5; --paper: #12151b;
      --card: #1a1f28; --line: #303846; --accent: #7da7ff; --mark: #ff8a80; --forward: #5b8def;
      --backward: #9c7fe6; --communication: #e8962e; --hidden: #8a6a35; --update: #2bb594; --wait: #e06666;
      --data: #7c8494; --step: #3a4456; --bar: #0f1217; } }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--paper); color: var(--ink);
      font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
    main { max-width: 1180px; margin: 0 auto; padding: 28px 24px 64px; }
    h1 { font-size: 22px; margin: 0; overflow-wrap: anywhere; }
    h2 { font-size: 16px; margin: 0 0 10px; }
    .state, .empty, .keys { color: var(--soft); margin: 4px 0 12px; }
    section, figure { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
      padding: 16px 18px; margin: 0 0 18px; }
    .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(330px, 1fr)); gap: 18px;
      background: none; border: 0; padding: 0; }
    .charts figure { margin: 0; }
    figcaption { font-weight: 600; margin-bottom: 6px; }
    svg { display: block; width: 100%; height: auto; }
    .timeline { min-width: 900px; }
    .scroll { overflow-x: auto; }
    .tiles { display: flex; flex-wrap: wrap; gap: 12px; margin: 18px 0; }
    .tiles div { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
      padding: 9px 14px; min-width: 92px; }
    dt { color: var(--soft); font-size: 13px; }
    dd { margin: 0; font-size: 20px; font-variant-numeric: tabular-nums; }
    table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
    th, td { text-align: right; padding: 5px 8px; border-bottom: 1px solid var(--line); white-space: nowrap; }
    th { font-weight: 600; font-size: 13px; color: var(--soft); }
    .share, th:nth-child(2) { width: 30%; min-width: 180px; text-align: left; }
    .share svg { height: 14px; }
    small { color: var(--soft); }
    pre { overflow-x: auto; font: 13px/1.45 ui-monospace, Menlo, Consolas, monospace; margin: 8px 0 0; }
    code { font: 13px ui-monospace, Menlo, Consolas, monospace; }
    .grid { stroke: var(--line); stroke-width: 1; }
    .tick { fill: var(--soft); font-size: 11px; }
    .curve { fill: none; stroke: var(--accent); stroke-width: 1.8; stroke-linejoin: round; }
    .point { fill: var(--accent); }
    .mark { fill: var(--mark); background: var(--mark); }
    .back { fill: var(--step); opacity: .25; }
    .lane { fill: var(--ink); font-size: 12px; }
    .thread { fill: var(--soft); }
    .name { fill: var(--bar); font-size: 10px; pointer-events: none; }
    .dark { fill: var(--ink); font-size: 10px; pointer-events: none; }
    .key { display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin: 0 5px 0 10px; }
    .s-step { fill: var(--step); background: var(--step); }
    .s-forward { fill: var(--forward); background: var(--forward); }
    .s-backward { fill: var(--backward); background: var(--backward); }
    .s-communication { fill: var(--communication); background: var(--communication); }
    .s-hidden { fill: var(--hidden); background: var(--hidden); }
    .s-update { fill: var(--update); background: var(--update); }
    .s-wait { fill: var(--wait); background: var(--wait); }
    .s-data, .s-other { fill: var(--data); background: var(--data); }
    """
}
