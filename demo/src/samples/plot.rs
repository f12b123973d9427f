//! A picture of recordings over time: leads and margins, late inputs, the clock's rate, and what happened to
//! it. In whole numbers: a coordinate is tenths of a pixel.

use core::fmt::{self, Write};

use phalanx_netcode::Time;
use phalanx_netcode::time::samples::{Happening, Sample, Samples};

use super::Recording;
use crate::grouped::Counted;

/// Of a recording's picture, in tenths of a pixel, with its margins.
const WIDTH: i64 = 10_000;
const HEIGHT: i64 = 3_600;
const LEFT: i64 = 560;
const RIGHT: i64 = WIDTH - 120;

/// Where leads and margins are drawn, and where rates are.
const MARGINS: (i64, i64) = (600, 2_400);
const RATES: (i64, i64) = (2_600, 3_300);

/// Where the last line of the title is, how far the others are from it, and the most bytes of a line.
const LAST_LINE: i64 = 420;
const LINE_HEIGHT: i64 = 130;
const LINE: usize = 135;

/// Above all of them.
const LEGEND: i64 = 300;

/// Colours that also the colour-blind tell apart (Okabe and Ito 2008).
const LEAD: &str = "#0072b2";
const IN_TIME: &str = "#009e73";
const LATE: &str = "#d55e00";
const EVENT: &str = "#cc79a7";

/// Least of a rate's axis to either side, millionths.
const RATE_LEAST: i64 = 1000;

/// The pictures of all recordings, below each other, as one SVG.
pub(crate) fn svg(recordings: &[Recording]) -> String {
    let many = i64::try_from(recordings.len()).unwrap_or(0);
    let (width, height) = (Px(WIDTH), Px(LEGEND + HEIGHT * many));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    // Writing to a string cannot fail.
    let _ = legend(&mut svg);
    for (nth, recording) in (0..).zip(recordings) {
        let _ = writeln!(
            svg,
            "<g transform=\"translate(0 {})\">",
            Px(LEGEND + HEIGHT * nth)
        );
        let _ = Picture::of(&recording.samples).draw(&mut svg, recording);
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

fn legend(svg: &mut String) -> fmt::Result {
    let words = [
        (LEAD, "lead"),
        (IN_TIME, "margin at arrival"),
        (LATE, "late"),
        (EVENT, "reset, suspension or skipped ticks"),
    ];
    let mut x = LEFT;
    for (colour, word) in words {
        writeln!(
            svg,
            "<rect x=\"{}\" y=\"11\" width=\"10\" height=\"10\" fill=\"{colour}\"/>\
             <text x=\"{}\" y=\"20\">{word}</text>",
            Px(x),
            Px(x + 140)
        )?;
        x += 360 + 62 * i64::try_from(word.len()).unwrap_or(0);
    }
    Ok(())
}

/// The name of a recording and, below it, how it went.
fn title(svg: &mut String, recording: &Recording) -> fmt::Result {
    let lines = lines(&recording.summary.explain());
    let mut y = LAST_LINE - LINE_HEIGHT * i64::try_from(lines.len()).unwrap_or(0);
    let name = Escaped(&recording.name);
    writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" font-weight=\"bold\">{name}</text>",
        Px(LEFT),
        Px(y - 50)
    )?;
    for line in &lines {
        y += LINE_HEIGHT;
        let (x, y, line) = (Px(LEFT), Px(y), Escaped(line));
        writeln!(svg, "<text x=\"{x}\" y=\"{y}\">{line}</text>")?;
    }
    Ok(())
}

/// `text` in lines that are no wider than the picture, broken between its parts.
fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in text.split_inclusive("; ") {
        match lines.last_mut() {
            Some(line) if line.len() + part.len() <= LINE => line.push_str(part),
            _ => lines.push(part.to_owned()),
        }
    }
    lines
}

/// From values to places.
#[derive(Clone, Copy)]
struct Axis {
    values: (i64, i64),
    places: (i64, i64),
}

impl Axis {
    /// Where a value is; one beyond the axis is at its end.
    fn place(self, value: i64) -> Px {
        let ((low, high), (from, to)) = (self.values, self.places);
        let value = value.clamp(low, high);
        let (part, whole) = (
            i128::from(value) - i128::from(low),
            i128::from(high) - i128::from(low),
        );
        let moved = i128::from(to - from) * part / whole.max(1);
        Px(from + i64::try_from(moved).unwrap_or(0))
    }

    /// Round values, a few.
    fn marks(self) -> impl Iterator<Item = i64> {
        let (low, high) = self.values;
        let length = high.saturating_sub(low);
        let mut step = 1_i64;
        // 1, 2, 5, 10, 20 and so on.
        for factor in [2, 5, 10].into_iter().cycle() {
            if length / step <= 6 {
                break;
            }
            let next = if factor == 5 { step / 2 * 5 } else { step * 2 };
            step = next;
        }
        let first = low.div_euclid(step) + i64::from(low.rem_euclid(step) != 0);
        let marks = (0..8).map(move |nth| (first + nth).saturating_mul(step));
        marks.take_while(move |mark| *mark <= high)
    }
}

/// Where the values of one recording are drawn.
struct Picture {
    start: Time,
    /// Microseconds since the start.
    time: Axis,
    /// Microseconds before the deadline.
    margin: Axis,
    /// Millionths.
    rate: Axis,
}

impl Picture {
    fn of(samples: &Samples) -> Self {
        let first = samples.iter().next().copied().unwrap_or_default();
        let last = samples.iter().next_back().copied().unwrap_or_default();
        let length = last.at.nanos_since(first.at) / 1000;
        let mut values: Vec<i64> = samples
            .iter()
            .flat_map(|sample| [Some(sample.lead_us), sample.margin_us])
            .flatten()
            .map(i64::from)
            .collect();
        values.sort();
        // One in a hundred may be so far off that of the others nothing would be seen.
        let at = |index: usize| values.get(index).copied().unwrap_or(0);
        let (low, high) = (
            at(values.len() / 100),
            at(values.len().saturating_sub(1) * 199 / 200),
        );
        let (low, high) = (low.min(0), high.max(1000));
        let room = (high - low) / 12;
        let rates = samples.iter().map(|sample| i64::from(sample.scale_ppm));
        let rate = rates.map(i64::abs).fold(RATE_LEAST, i64::max);
        let (top, bottom) = MARGINS;
        Self {
            start: first.at,
            time: Axis {
                values: (0, length.max(1)),
                places: (LEFT, RIGHT),
            },
            margin: Axis {
                values: (low - room, high + room),
                places: (bottom, top),
            },
            rate: Axis {
                values: (-rate, rate),
                places: (RATES.1, RATES.0),
            },
        }
    }

    fn x(&self, at: Time) -> Px {
        self.time.place(at.nanos_since(self.start) / 1000)
    }

    fn draw(&self, svg: &mut String, recording: &Recording) -> fmt::Result {
        let samples = &recording.samples;
        title(svg, recording)?;
        self.draw_axes(svg)?;
        self.draw_events(svg, samples)?;
        let all = || samples.iter();
        let lead = |sample: &Sample| self.margin.place(sample.lead_us.into());
        self.line(svg, LEAD, all(), lead)?;
        self.line(svg, LEAD, all(), |sample| {
            self.rate.place(sample.scale_ppm.into())
        })?;
        let told = |late: bool| {
            let told = all().filter_map(|sample| Some((sample, sample.margin_us?)));
            told.filter(move |(_, margin)| (*margin < 0) == late)
        };
        self.dots(svg, IN_TIME, 20, told(false))?;
        self.dots(svg, LATE, 40, told(true))
    }

    fn draw_axes(&self, svg: &mut String) -> fmt::Result {
        for (axis, unit, divisor) in [(self.margin, "ms", 1000), (self.rate, "rate %", 10_000)] {
            let top = axis.places.1;
            writeln!(
                svg,
                "<text x=\"4\" y=\"{}\">{unit}</text>",
                Px(top.min(axis.places.0) - 60)
            )?;
            for mark in axis.marks() {
                let (place, colour) = (axis.place(mark), if mark == 0 { "#888" } else { "#ddd" });
                writeln!(
                    svg,
                    "<path d=\"M{} {place}H{}\" stroke=\"{colour}\"/>\
                     <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
                    Px(LEFT),
                    Px(RIGHT),
                    Px(LEFT - 50),
                    Px(place.0 + 40),
                    Label(mark, divisor)
                )?;
            }
        }
        for mark in self.time.marks() {
            let place = self.time.place(mark);
            writeln!(
                svg,
                "<path d=\"M{place} {}V{}\" stroke=\"#eee\"/>\
                 <text x=\"{place}\" y=\"{}\" text-anchor=\"middle\">{} s</text>",
                Px(MARGINS.0),
                Px(RATES.1),
                Px(RATES.1 + 140),
                Label(mark, 1_000_000)
            )?;
        }
        Ok(())
    }

    fn draw_events(&self, svg: &mut String, samples: &Samples) -> fmt::Result {
        // Those of a long session may be older than its inputs.
        let mut shown = samples.events().filter(|(at, _)| *at >= self.start);
        shown.try_for_each(|(at, happening)| {
            writeln!(
                svg,
                "<path d=\"M{} {}V{}\" stroke=\"{EVENT}\" stroke-dasharray=\"4 2\" \
                 class=\"event\"><title>{}</title></path>",
                self.x(at),
                Px(MARGINS.0),
                Px(RATES.1),
                What(happening)
            )
        })
    }

    fn line<'a>(
        &self,
        svg: &mut String,
        colour: &str,
        samples: impl Iterator<Item = &'a Sample>,
        y: impl Fn(&Sample) -> Px,
    ) -> fmt::Result {
        svg.push_str("<path d=\"");
        let mut last = None;
        for sample in samples {
            let place = (self.x(sample.at), y(sample));
            // What is not seen is not drawn.
            if last.replace(place) != Some(place) {
                let to = if svg.ends_with('"') { 'M' } else { 'L' };
                write!(svg, "{to}{} {}", place.0, place.1)?;
            }
        }
        writeln!(svg, "\" fill=\"none\" stroke=\"{colour}\"/>")
    }

    /// Dots are lines without length whose ends are round: in a file, the shortest.
    fn dots<'a>(
        &self,
        svg: &mut String,
        colour: &str,
        width: i64,
        told: impl Iterator<Item = (&'a Sample, i32)>,
    ) -> fmt::Result {
        svg.push_str("<path d=\"");
        for (sample, margin) in told {
            let (x, y) = (self.x(sample.at), self.margin.place(margin.into()));
            write!(svg, "M{x} {y}h0")?;
        }
        writeln!(
            svg,
            "\" stroke=\"{colour}\" stroke-width=\"{}\" stroke-linecap=\"round\"/>",
            Px(width)
        )
    }
}

/// Tenths of a pixel.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Px(i64);

impl fmt::Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let tenths = self.0.unsigned_abs();
        match tenths % 10 {
            0 => write!(f, "{sign}{}", tenths / 10),
            tenth => write!(f, "{sign}{}.{tenth}", tenths / 10),
        }
    }
}

/// A quotient by a power of ten, without zeros at its end.
struct Label(i64, u64);

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(value, divisor) = *self;
        let sign = if value < 0 { "-" } else { "" };
        let value = value.unsigned_abs();
        let (whole, mut rest) = (value / divisor, value % divisor);
        write!(f, "{sign}{whole}")?;
        if rest > 0 {
            f.write_char('.')?;
            let mut unit = divisor;
            while rest > 0 {
                unit /= 10;
                write!(f, "{}", rest / unit)?;
                rest %= unit;
            }
        }
        Ok(())
    }
}

/// An event in words.
struct What(Happening);

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Happening::Reset { by_us, .. } => write!(f, "set by {} ms", Label(by_us, 1000)),
            Happening::Suspended { gap_us } => write!(f, "asleep for {} ms", gap_us / 1000),
            Happening::Skipped { ticks } => write!(f, "{} skipped", Counted(ticks, "tick")),
        }
    }
}

/// Text inside XML. What XML cannot hold is replaced.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '&' => f.write_str("&amp;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => f.write_char('\u{fffd}'),
            c => f.write_char(c),
        })
    }
}

#[cfg(test)]
mod tests {
    use phalanx_engine::{Tick, TickRate};
    use phalanx_netcode::time::ResetReason;
    use proptest::prelude::*;

    use super::*;

    fn recording(name: &str, samples: Samples) -> Recording {
        Recording::new(name.into(), samples)
    }

    /// A line of many causes ran out of the picture.
    #[test]
    fn a_long_story_takes_lines() {
        let part = "datagrams lost or held, up to 127 ms (14); ";
        assert_eq!(lines("all in time"), ["all in time"]);
        let story = part.repeat(7);
        let told = lines(&story);
        assert_eq!(told, [part.repeat(3), part.repeat(3), part.into()]);
    }

    fn played() -> Samples {
        let rate = TickRate::hz(60);
        let mut samples = Samples::new(rate);
        for tick in 0..600 {
            let at = Time::from_nanos(rate.nanos_at(Tick(tick)));
            let lead_us = 46_000;
            samples.stamped(Sample {
                stamp: Tick(tick),
                at,
                lead_us,
                ..Sample::default()
            });
            samples.arrived(Tick(tick), if tick % 100 == 7 { -3000 } else { 6000 });
        }
        let reason = ResetReason::Threshold;
        samples.happened(
            Time::from_nanos(5_000_000_000),
            Happening::Reset {
                by_us: -1500,
                reason,
            },
        );
        samples
    }

    #[test]
    fn every_input_has_its_dot_and_every_event_its_line() {
        let svg = svg(&[
            recording("a<b>&\u{1b}.csv", played()),
            recording("b", played()),
        ]);
        assert_eq!(svg.matches("h0").count(), 2 * 600);
        let late = svg
            .lines()
            .filter(|line| line.contains(LATE) && line.contains("h0"));
        assert_eq!(
            late.map(|line| line.matches("h0").count())
                .collect::<Vec<_>>(),
            [6, 6]
        );
        assert_eq!(svg.matches("<title>set by -1.5 ms</title>").count(), 2);
        assert!(svg.contains(">a&lt;b&gt;&amp;\u{fffd}.csv</text>"));
        assert_eq!(svg.matches("<g").count(), svg.matches("</g>").count());
    }

    /// They stood at the left edge, all above each other.
    #[test]
    fn events_before_the_first_input_are_not_drawn() {
        let mut samples = Samples::new(TickRate::hz(60));
        for second in [1, 2, 3] {
            let ticks = second;
            samples.happened(
                Time::from_nanos(second * 1_000_000_000),
                Happening::Skipped { ticks },
            );
        }
        for tick in 120..300 {
            samples.stamped(Sample {
                stamp: Tick(tick),
                at: Time::from_nanos(TickRate::hz(60).nanos_at(Tick(tick))),
                ..Sample::default()
            });
        }
        let svg = svg(&[recording("long", samples)]);
        let shown = ["1 tick", "2 ticks", "3 ticks"]
            .map(|ticks| svg.contains(&format!(">{ticks} skipped<")));
        assert_eq!(shown, [false, true, true]);
    }

    #[test]
    fn marks_are_round_and_few() {
        let marks = |low, high| {
            let (values, places) = ((low, high), (0, 100));
            Axis { values, places }.marks().collect::<Vec<_>>()
        };
        assert_eq!(
            marks(-4_000, 50_000),
            [0, 10_000, 20_000, 30_000, 40_000, 50_000]
        );
        assert_eq!(marks(-1000, 1000), [-1000, -500, 0, 500, 1000]);
        assert_eq!(marks(0, 1), [0, 1]);
        assert_eq!(Label(-1500, 1000).to_string(), "-1.5");
        assert_eq!(Label(20_050, 10_000).to_string(), "2.005");
        assert_eq!(Label(3_000_000, 1_000_000).to_string(), "3");
    }

    proptest! {
        /// A file may hold any numbers; everything stays inside the picture.
        #[test]
        fn nothing_is_drawn_beside_it(
            inputs in prop::collection::vec((any::<u64>(), any::<i32>(), any::<i32>(), any::<Option<i32>>()), 0..30),
            event in any::<(u64, i64)>(),
        ) {
            let mut samples = Samples::new(TickRate::hz(60));
            for (stamp, (at, lead_us, scale_ppm, margin_us)) in (0..).map(Tick).zip(inputs) {
                let at = Time::from_nanos(at);
                samples.stamped(Sample { stamp, at, lead_us, scale_ppm, margin_us, ..Sample::default() });
            }
            let (reason, by_us) = (ResetReason::Replaced, event.1);
            samples.happened(Time::from_nanos(event.0), Happening::Reset { by_us, reason });
            let picture = Picture::of(&samples);
            for sample in samples.iter() {
                prop_assert!((LEFT..=RIGHT).contains(&picture.x(sample.at).0));
                let lead = picture.margin.place(sample.lead_us.into()).0;
                prop_assert!((MARGINS.0..=MARGINS.1).contains(&lead));
                let rate = picture.rate.place(sample.scale_ppm.into()).0;
                prop_assert!((RATES.0..=RATES.1).contains(&rate));
            }
            let svg = svg(&[recording("any", samples)]);
            prop_assert!(svg.len() < 20_000);
        }
    }
}
