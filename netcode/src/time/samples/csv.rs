//! Samples as text, for other programs: a header that names units, a row with the session's tick rate, then
//! a row for each input and each event, by time. Columns that a row does not have are empty.
//!
//! The header is also the version, so that all who read CSV can read it: a column that comes to mean something else
//! gets another name.

use core::fmt;
use core::str::FromStr;
use std::io::{self, BufRead, Read, Write};

use phalanx_engine::{Tick, TickRate};

use super::{Happening, Sample, Samples};
use crate::limits::{CLOCK_EVENTS_MAX, CLOCK_SAMPLES_MAX, SAMPLE_LINE_BYTES_MAX};
use crate::time::{ResetReason, Time};

/// The columns, in the order of the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Row,
    At,
    Stamp,
    Lead,
    Margin,
    Scale,
    Delay,
    Depth,
    Stalls,
    EventTime,
    EventTicks,
    Reason,
    Rate,
}

const COLUMNS: [&str; 13] = [
    "row",
    "at_ns",
    "stamp_tick",
    "lead_us",
    "margin_us",
    "scale_ppm",
    "delay_ticks",
    "depth_ticks",
    "stalls_total",
    "event_us",
    "event_ticks",
    "reason",
    "rate_hz",
];

const REASONS: [(ResetReason, &str); 4] = [
    (ResetReason::First, "first"),
    (ResetReason::Threshold, "threshold"),
    (ResetReason::Suspended, "suspended"),
    (ResetReason::Replaced, "replaced"),
];

/// Why a file is not one of samples.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    /// It could not be read.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// A line of it is none that samples are written in.
    #[error("line {line}: {problem}")]
    Line {
        /// Which, counted from 1.
        line: u64,
        /// What is wrong with it.
        problem: CsvProblem,
    },
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CsvProblem {
    /// The header is that of something else.
    #[error("the header is not that of samples of a clock")]
    Header,
    /// The header begins as one of samples does.
    #[error("the columns are those of another version")]
    OtherVersion,
    /// It does not end.
    #[error("longer than {SAMPLE_LINE_BYTES_MAX} bytes")]
    TooLong,
    /// It is not UTF-8.
    #[error("not text")]
    NotText,
    /// Another number of columns than the header has.
    #[error("{found} columns instead of {}", COLUMNS.len())]
    Columns {
        /// How many.
        found: usize,
    },
    /// There is no such kind of row.
    #[error("the row is none of session, input, reset, suspended and skipped")]
    Row,
    /// The rate has to come first, once.
    #[error("the tick rate has to stand in the first row, and only there")]
    Session,
    /// The value is none of the column.
    #[error("`{0}` is missing, out of range or no number")]
    Value(&'static str),
    /// Such a row does not have the column.
    #[error("`{0}` has to be empty in such a row")]
    NotEmpty(&'static str),
    /// Stamps rise, and time does not go back.
    #[error("out of order: ticks rise from input to input, and time does not go back")]
    Order,
    /// More than are ever kept.
    #[error("more than {CLOCK_SAMPLES_MAX} inputs or {CLOCK_EVENTS_MAX} events")]
    TooMany,
}

/// A row that is being written.
struct Line([String; COLUMNS.len()]);

impl Line {
    fn new(row: &str) -> Self {
        Self(Default::default()).with(Column::Row, row)
    }

    fn at(row: &str, at: Time) -> Self {
        Self::new(row).with(Column::At, at.as_nanos())
    }

    fn with(mut self, column: Column, value: impl fmt::Display) -> Self {
        self.0[column as usize] = value.to_string();
        self
    }

    fn with_some(self, column: Column, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.with(column, value),
            None => self,
        }
    }

    fn input(sample: &Sample) -> Self {
        Self::at("input", sample.at)
            .with(Column::Stamp, sample.stamp)
            .with(Column::Lead, sample.lead_us)
            .with_some(Column::Margin, sample.margin_us)
            .with(Column::Scale, sample.scale_ppm)
            .with(Column::Delay, sample.delay)
            .with(Column::Depth, sample.depth)
            .with(Column::Stalls, sample.stalls)
    }

    fn event(at: Time, happening: Happening) -> Self {
        match happening {
            Happening::Reset { by_us, reason } => {
                let name = REASONS.iter().find(|(known, _)| *known == reason);
                Self::at("reset", at)
                    .with(Column::EventTime, by_us)
                    .with_some(Column::Reason, name.map(|(_, name)| *name))
            }
            Happening::Suspended { gap_us } => {
                Self::at("suspended", at).with(Column::EventTime, gap_us)
            }
            Happening::Skipped { ticks } => Self::at("skipped", at).with(Column::EventTicks, ticks),
        }
    }

    fn write(&self, to: &mut impl Write) -> io::Result<()> {
        writeln!(to, "{}", self.0.join(","))
    }
}

impl Samples {
    /// Writes all of them as CSV, line by line: give it a buffer.
    ///
    /// # Errors
    /// Those of `to`.
    pub fn write_csv(&self, to: &mut impl Write) -> io::Result<()> {
        writeln!(to, "{}", COLUMNS.join(","))?;
        Line::new("session")
            .with(Column::Rate, self.rate)
            .write(to)?;
        let mut events = self.events().peekable();
        for sample in self.iter() {
            while let Some((at, happening)) = events.next_if(|(at, _)| *at <= sample.at) {
                Line::event(at, happening).write(to)?;
            }
            Line::input(sample).write(to)?;
        }
        events.try_for_each(|(at, happening)| Line::event(at, happening).write(to))
    }

    /// Reads what [`Samples::write_csv`] has written. The file may be anything: no more of it is held than
    /// samples keep, and a line.
    ///
    /// # Errors
    /// [`CsvError`], with the line.
    pub fn read_csv(from: impl BufRead) -> Result<Self, CsvError> {
        let mut lines = Lines::new(from);
        let header = lines.next()?.ok_or(CsvProblem::Header);
        let header = header.and_then(check_header);
        header.map_err(|problem| lines.wrong(problem))?;
        let session = lines.next()?.ok_or(CsvProblem::Session);
        let rate = session.and_then(Row::parse).and_then(Row::session);
        let mut samples = Self::new(rate.map_err(|problem| lines.wrong(problem))?);
        while let Some(line) = lines.next()? {
            let taken = Row::parse(line).and_then(|row| samples.take(row));
            taken.map_err(|problem| lines.wrong(problem))?;
        }
        Ok(samples)
    }

    /// Takes a row that is not the session's.
    fn take(&mut self, mut row: Row<'_>) -> Result<(), CsvProblem> {
        match row.texts[0] {
            "session" => Err(CsvProblem::Session),
            "input" => self.take_input(row),
            kind => {
                let happening = row.happening(kind)?;
                let at = Time::from_nanos(row.number(Column::At)?);
                row.end()?;
                if self.events.len() == CLOCK_EVENTS_MAX {
                    return Err(CsvProblem::TooMany);
                }
                if self.events.back().is_some_and(|(last, _)| at < *last) {
                    return Err(CsvProblem::Order);
                }
                self.happened(at, happening);
                Ok(())
            }
        }
    }

    fn take_input(&mut self, mut row: Row<'_>) -> Result<(), CsvProblem> {
        let sample = Sample {
            stamp: Tick(row.number(Column::Stamp)?),
            at: Time::from_nanos(row.number(Column::At)?),
            lead_us: row.number(Column::Lead)?,
            scale_ppm: row.number(Column::Scale)?,
            delay: row.number(Column::Delay)?,
            depth: row.number(Column::Depth)?,
            stalls: row.number(Column::Stalls)?,
            margin_us: row.optional(Column::Margin)?,
        };
        row.end()?;
        if self.inputs.len() == CLOCK_SAMPLES_MAX {
            return Err(CsvProblem::TooMany);
        }
        let last = self.inputs.back();
        if last.is_some_and(|last| sample.stamp <= last.stamp || sample.at < last.at) {
            return Err(CsvProblem::Order);
        }
        self.stamped(sample);
        Ok(())
    }
}

/// Whether a header is the one that is written here.
fn check_header(header: &str) -> Result<(), CsvProblem> {
    let first = || COLUMNS.into_iter().take(2);
    if header.split(',').eq(COLUMNS) {
        Ok(())
    } else if header.split(',').take(2).eq(first()) {
        Err(CsvProblem::OtherVersion)
    } else {
        Err(CsvProblem::Header)
    }
}

/// Lines that are no longer than they may be, counted.
struct Lines<R> {
    from: R,
    line: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    const fn new(from: R) -> Self {
        Self {
            from,
            line: Vec::new(),
            number: 0,
        }
    }

    const fn wrong(&self, problem: CsvProblem) -> CsvError {
        let line = self.number;
        CsvError::Line { line, problem }
    }

    /// The next one without its end, or `None` after the last one.
    fn next(&mut self) -> Result<Option<&str>, CsvError> {
        self.line.clear();
        self.number += 1;
        // With a byte for the end of the line, and one by which a longer one is known.
        let most = SAMPLE_LINE_BYTES_MAX as u64 + 2;
        let read = self
            .from
            .by_ref()
            .take(most)
            .read_until(b'\n', &mut self.line)?;
        if read == 0 {
            return Ok(None);
        }
        let text = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if text.len() > SAMPLE_LINE_BYTES_MAX {
            return Err(self.wrong(CsvProblem::TooLong));
        }
        let text = core::str::from_utf8(text);
        text.map(Some).map_err(|_| CsvError::Line {
            line: self.number,
            problem: CsvProblem::NotText,
        })
    }
}

/// A row that is being read; what was read of it is gone.
struct Row<'a> {
    texts: [&'a str; COLUMNS.len()],
}

impl<'a> Row<'a> {
    fn parse(line: &'a str) -> Result<Self, CsvProblem> {
        let mut texts = [""; COLUMNS.len()];
        let mut found = 0;
        for text in line.split(',') {
            if let Some(place) = texts.get_mut(found) {
                *place = text;
            }
            found += 1;
        }
        if found != COLUMNS.len() {
            return Err(CsvProblem::Columns { found });
        }
        Ok(Self { texts })
    }

    fn session(mut self) -> Result<TickRate, CsvProblem> {
        if self.texts[0] != "session" {
            return Err(CsvProblem::Session);
        }
        let rate = self.number(Column::Rate)?;
        self.end()?;
        Ok(rate)
    }

    fn happening(&mut self, kind: &str) -> Result<Happening, CsvProblem> {
        match kind {
            "reset" => {
                let name = self.text(Column::Reason);
                let reason = REASONS.iter().find(|(_, known)| *known == name);
                let reason = reason.ok_or(CsvProblem::Value(COLUMNS[Column::Reason as usize]))?;
                Ok(Happening::Reset {
                    by_us: self.number(Column::EventTime)?,
                    reason: reason.0,
                })
            }
            "suspended" => {
                let gap_us = self.number(Column::EventTime)?;
                Ok(Happening::Suspended { gap_us })
            }
            "skipped" => {
                let ticks = self.number(Column::EventTicks)?;
                Ok(Happening::Skipped { ticks })
            }
            _ => Err(CsvProblem::Row),
        }
    }

    fn text(&mut self, column: Column) -> &'a str {
        core::mem::take(&mut self.texts[column as usize])
    }

    fn number<T: FromStr>(&mut self, column: Column) -> Result<T, CsvProblem> {
        let wrong = CsvProblem::Value(COLUMNS[column as usize]);
        self.text(column).parse().map_err(|_| wrong)
    }

    fn optional<T: FromStr>(&mut self, column: Column) -> Result<Option<T>, CsvProblem> {
        if self.texts[column as usize].is_empty() {
            return Ok(None);
        }
        self.number(column).map(Some)
    }

    /// Nothing may be left but the kind of the row.
    fn end(&self) -> Result<(), CsvProblem> {
        let mut others = COLUMNS.iter().zip(self.texts).skip(1);
        match others.find(|(_, text)| !text.is_empty()) {
            Some((column, _)) => Err(CsvProblem::NotEmpty(column)),
            None => Ok(()),
        }
    }
}
