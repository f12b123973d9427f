//! A scatter plot for each scenario: late inputs over latency. Better is further down and to the left.

use core::fmt::Write;

use super::bench::Cell;
use super::rules::RuleName;

/// Of one plot, in pixels, with its margins.
const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 30.0;

/// Plots beside each other, and what stands above them.
const COLUMNS: usize = 4;
const LEGEND: f64 = 34.0;

/// Shares of late inputs in percent at the bottom, which also stands for none, and at the top.
const LEAST: f64 = 0.001;
const MOST: f64 = 100.0;

/// Colours that also the colour-blind tell apart (Okabe and Ito 2008), and the shape tells ours from others.
const fn colour(rule: RuleName) -> &'static str {
    match rule {
        RuleName::Ours(_) => "#d55e00",
        RuleName::Fixed => "#999999",
        RuleName::Ngo => "#0072b2",
        RuleName::Ggrs => "#009e73",
        RuleName::Gekko => "#7a5195",
        RuleName::Lightyear => "#e69f00",
        RuleName::NetcodeForEntities => "#cc79a7",
        RuleName::Kalman => "#56b4e9",
    }
}

/// The plots of all scenarios, as one SVG. The cells of a scenario stand together.
#[must_use]
pub fn svg(cells: &[Cell]) -> String {
    let plots: Vec<_> = cells
        .chunk_by(|a, b| a.scenario.name == b.scenario.name)
        .collect();
    let width = WIDTH * COLUMNS as f64;
    let height = LEGEND + HEIGHT * plots.len().div_ceil(COLUMNS) as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    if let Some(first) = plots.first() {
        legend(&mut svg, first);
    }
    for (nth, plot) in plots.iter().enumerate() {
        let x = WIDTH * (nth % COLUMNS) as f64;
        let y = LEGEND + HEIGHT * (nth / COLUMNS) as f64;
        // Writing to a string cannot fail.
        let _ = writeln!(svg, "<g transform=\"translate({x} {y})\">");
        scatter(&mut svg, plot);
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

fn legend(svg: &mut String, cells: &[Cell]) {
    let mut x = LEFT;
    for cell in cells {
        let name = cell.rule.name();
        mark(svg, cell.rule, x, 16.0);
        let _ = writeln!(svg, "<text x=\"{}\" y=\"20\">{name}</text>", x + 9.0);
        x += 26.0 + 6.5 * name.len() as f64;
    }
}

fn scatter(svg: &mut String, cells: &[Cell]) {
    let latencies = cells.iter().map(|cell| cell.mean(|f| f.latency_ms).mean);
    let most = latencies.fold(0.0, f64::max) * 1.1 + 1.0;
    let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    let x_of = |ms: f64| LEFT + (right - LEFT) * ms / most;
    let y_of = |percent: f64| {
        let share = (percent.max(LEAST) / LEAST).log10() / (MOST / LEAST).log10();
        bottom - (bottom - TOP) * share
    };
    let name = cells.first().map_or("", |cell| cell.scenario.name);
    let _ = writeln!(
        svg,
        "<text x=\"{LEFT}\" y=\"{}\" font-weight=\"bold\">{name}</text>\
         <text x=\"{right}\" y=\"{}\" text-anchor=\"end\">latency ms</text>\
         <text x=\"{right}\" y=\"{}\" text-anchor=\"end\">late %</text>",
        TOP - 8.0,
        HEIGHT - 4.0,
        TOP - 8.0,
    );
    for power in -3..=2 {
        let percent = 10_f64.powi(power);
        let label = if power == -3 {
            "0".into()
        } else {
            format!("{percent}")
        };
        let y = y_of(percent);
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {y:.1}H{right}\" stroke=\"#ddd\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
            LEFT - 5.0,
            y + 4.0,
        );
    }
    for quarter in 0..=4 {
        let ms = most * f64::from(quarter) / 4.0;
        let x = x_of(ms);
        let _ = writeln!(
            svg,
            "<path d=\"M{x:.1} {TOP}V{bottom}\" stroke=\"#eee\"/>\
             <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{ms:.0}</text>",
            bottom + 13.0,
        );
    }
    for cell in cells {
        let (late, latency) = (cell.mean(|f| f.late_percent), cell.mean(|f| f.latency_ms));
        let _ = writeln!(svg, "<g><title>{}</title>", cell.rule.name());
        mark(svg, cell.rule, x_of(latency.mean), y_of(late.mean));
        svg.push_str("</g>\n");
    }
}

/// A diamond for ours, a disc for the others.
fn mark(svg: &mut String, rule: RuleName, x: f64, y: f64) {
    let colour = colour(rule);
    let _ = if rule.is_peer() {
        writeln!(
            svg,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{colour}\"/>"
        )
    } else {
        writeln!(
            svg,
            "<path d=\"M{x:.1} {y:.1}m0 -6l6 6l-6 6l-6 -6z\" fill=\"{colour}\"/>"
        )
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::figures::Figures;
    use crate::clock::scenario::Scenario;

    #[test]
    fn each_scenario_has_a_plot_with_a_mark_for_each_rule() {
        let scenarios = Scenario::all();
        let cells: Vec<_> = scenarios
            .iter()
            .flat_map(|scenario| {
                RuleName::ALL.map(|rule| Cell {
                    scenario: scenario.clone(),
                    rule,
                    runs: vec![Figures::default(); 2],
                })
            })
            .collect();
        let svg = svg(&cells);
        for scenario in &scenarios {
            assert!(svg.contains(&format!(">{}</text>", scenario.name)));
        }
        let peers = RuleName::ALL.iter().filter(|rule| rule.is_peer()).count();
        // One more of each in the legend.
        assert_eq!(
            svg.matches("<circle").count(),
            peers * (scenarios.len() + 1)
        );
        assert_eq!(svg.matches("<g").count(), svg.matches("</g>").count());
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }
}
