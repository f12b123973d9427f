//! [`Noise`]: random numbers, the same on every machine up to the last bit of `ln` and `cos`.

use core::f64::consts::TAU;

use phalanx_engine::mix;

/// SplitMix64 (Steele, Lea and Flood 2014), and what is drawn from it.
#[derive(Clone, Debug)]
pub(super) struct Noise(u64);

impl Noise {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn bits(&mut self) -> u64 {
        // One number of the generator: the next step of its sum, finished.
        let bits = mix(self.0);
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        bits
    }

    /// From [0, 1): 53 bits.
    pub(super) fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Exponential, of mean 1.
    pub(super) fn exponential(&mut self) -> f64 {
        -self.uniform().max(1e-12).ln()
    }

    /// The absolute value of a normal variable of deviation 1 (Box and Muller 1958; one of the two).
    pub(super) fn half_normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().max(1e-300).ln()).sqrt();
        (radius * (TAU * self.uniform()).cos()).abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers of the published generator at seed 1234567.
    #[test]
    fn draws_what_was_published() {
        let mut noise = Noise::new(1_234_567);
        let drawn = [0; 3].map(|_| noise.bits());
        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn has_the_moments_of_its_distributions() {
        let mut noise = Noise::new(1);
        let n = 100_000;
        let mean = |f: &mut dyn FnMut() -> f64| (0..n).map(|_| f()).sum::<f64>() / f64::from(n);
        assert!((mean(&mut || noise.uniform()) - 0.5).abs() < 0.01);
        assert!((mean(&mut || noise.exponential()) - 1.0).abs() < 0.02);
        assert!((mean(&mut || noise.half_normal()) - 0.7979).abs() < 0.01);
    }
}
