//! [`Distinct`]: how many different checksums there were, in eight bytes each.

use phalanx_engine::Digest;

/// Different checksums.
#[derive(Debug, Default)]
pub(crate) struct Distinct {
    /// In order, each once.
    known: Vec<u64>,
    /// Those that came since.
    new: Vec<u64>,
}

/// So many are gathered at least before they are sorted in.
const GATHERED: usize = 1 << 16;

impl Distinct {
    pub(crate) fn extend(&mut self, checksums: &[Digest]) {
        self.new.extend(checksums.iter().map(|digest| digest.0));
        if self.new.len() >= GATHERED.max(self.known.len() / 4) {
            self.merge();
        }
    }

    /// How many there are.
    pub(crate) fn count(&mut self) -> u64 {
        self.merge();
        self.known.len() as u64
    }

    fn merge(&mut self) {
        self.known.append(&mut self.new);
        // Of runs that are in order already it takes one walk.
        self.known.sort();
        self.known.dedup();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use phalanx_engine::mix;

    use super::*;

    #[test]
    fn each_is_counted_once() {
        let (mut distinct, mut model) = (Distinct::default(), BTreeSet::new());
        for run in 0..100_u64 {
            let run: Vec<_> = (0..3000).map(|n| Digest(mix(run ^ n) % 50_000)).collect();
            distinct.extend(&run);
            model.extend(run);
        }
        assert_eq!(distinct.count(), model.len() as u64);
    }
}
