//! [`Reader`], from bytes to a case.

/// Reads a case from bytes: every sequence of bytes is one.
pub struct Reader<'a> {
    bytes: std::slice::Iter<'a, u8>,
}

impl<'a> Reader<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Self { bytes: data.iter() }
    }

    pub fn is_at_end(&self) -> bool {
        self.bytes.as_slice().is_empty()
    }

    /// Behind the end everything is zero.
    pub fn byte(&mut self) -> u8 {
        self.bytes.next().copied().unwrap_or(0)
    }

    pub fn pair(&mut self) -> [u8; 2] {
        [self.byte(), self.byte()]
    }
}
