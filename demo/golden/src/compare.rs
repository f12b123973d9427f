//! [`first_difference`] between two runs, as text.

use core::fmt;

/// Where two runs part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The first line that is not the same in one run; none if the run ended before.
    pub ours: Option<String>,
    /// That line of the other run.
    pub theirs: Option<String>,
}

/// The first line in which two runs differ.
#[must_use]
pub fn first_difference(ours: &str, theirs: &str) -> Option<Difference> {
    let (mut ours, mut theirs) = (ours.lines(), theirs.lines());
    loop {
        match (ours.next(), theirs.next()) {
            (None, None) => return None,
            (ours, theirs) if ours == theirs => {}
            (ours, theirs) => {
                return Some(Difference {
                    ours: ours.map(str::to_owned),
                    theirs: theirs.map(str::to_owned),
                });
            }
        }
    }
}

/// The component and the index come first.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = |line: &Option<String>| line.as_deref().unwrap_or("nothing").to_owned();
        let line = said(if self.ours.is_some() {
            &self.ours
        } else {
            &self.theirs
        });
        let mut words = line.split(' ');
        let (component, index) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let (ours, theirs) = (said(&self.ours), said(&self.theirs));
        write!(
            f,
            "the first difference: {component} at {index}: here {ours}, there {theirs}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_named() {
        let ours = "a 0 11\nb 0 12\nb 1 13\n";
        let said = |theirs| first_difference(ours, theirs).map(|found| found.to_string());
        for (theirs, expected) in [
            (ours, None),
            (
                "a 0 11\nb 0 99\nb 1 98\n",
                Some("b at 0: here b 0 12, there b 0 99"),
            ),
            (
                "a 0 11\nb 0 12\n",
                Some("b at 1: here b 1 13, there nothing"),
            ),
            ("", Some("a at 0: here a 0 11, there nothing")),
        ] {
            let expected = expected.map(|place| format!("the first difference: {place}"));
            assert_eq!(said(theirs), expected);
        }
        let longer = first_difference("", ours).map(|found| found.to_string());
        let expected = "the first difference: a at 0: here nothing, there a 0 11";
        assert_eq!(longer.as_deref(), Some(expected));
    }
}
