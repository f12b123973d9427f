//! Means over seeds, and what they prove.

/// A mean and half its 95 % interval (Student 1908); infinite for a single value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Half the interval.
    pub half: f64,
}

/// Two-sided 95 % quantiles of Student's distribution, by degrees of freedom from 1 on.
const STUDENT: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
    2.052, 2.048, 2.045, 2.042,
];

impl Estimate {
    /// Of values that are independent of each other; 0 if there are none.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n.max(1.0);
        let half = match values.len() {
            0 | 1 => f64::INFINITY,
            len => {
                let squares = values
                    .iter()
                    .map(|value| (value - mean).powi(2))
                    .sum::<f64>();
                let student = STUDENT.get(len - 2).copied().unwrap_or(2.042);
                student * (squares / (n - 1.0) / n).sqrt()
            }
        };
        Self { mean, half }
    }
}

/// Whether the first is less, run by run of the same seeds, beyond the 95 % interval of the mean difference.
#[must_use]
pub fn surely_less(left: &[f64], right: &[f64]) -> bool {
    let differences: Vec<_> = left.iter().zip(right).map(|(l, r)| l - r).collect();
    let Estimate { mean, half } = Estimate::of(&differences);
    mean + half < 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_students() {
        let Estimate { mean, half } = Estimate::of(&[1.0, 2.0, 3.0, 4.0, 5.0]);
        assert!((mean - 3.0).abs() < 1e-9);
        assert!((half - 1.963).abs() < 1e-3, "{half}");
    }

    #[test]
    fn one_run_proves_nothing_and_equal_ones_neither() {
        assert!(!surely_less(&[1.0], &[2.0]));
        assert!(!surely_less(&[1.0, 1.0], &[1.0, 1.0]));
        assert!(surely_less(&[1.0, 1.1, 0.9], &[2.0, 2.1, 1.8]));
        assert!(!surely_less(&[1.0, 1.1, 0.9], &[1.1, 0.9, 1.1]));
    }
}
