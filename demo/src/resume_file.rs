//! [`ResumeFile`]: what a player claims its slot with, kept where the next process finds it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use phalanx_netcode::ResumeToken;
use phalanx_netcode::quic::Pin;

use crate::console::complain;
use crate::exit::{Exit, Failure};
use crate::file::{self, in_words};

/// A file with a line: the relay's pin and the token. Whoever can read it can take the player's slot, so
/// nobody but its owner can.
pub(crate) struct ResumeFile {
    path: PathBuf,
    pin: Pin,
    /// What is in it.
    token: Option<ResumeToken>,
    failed: Option<Failure>,
}

impl ResumeFile {
    /// Reads the file, if there is one, of the relay with that pin.
    ///
    /// # Errors
    /// It cannot be read, is damaged, or is of another relay, which must not see the token.
    pub(crate) fn open(path: &Path, pin: Pin) -> Result<Self, Failure> {
        let mut file = Self {
            path: path.to_owned(),
            pin,
            token: None,
            failed: None,
        };
        let name = path.display();
        match fs::read_to_string(path) {
            Ok(text) => file.token = Some(file.read(&text)?),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) if error.kind() == ErrorKind::InvalidData => return Err(file.damaged()),
            Err(error) => {
                let words = in_words(&error);
                return Err(Failure::usage(format!("cannot read {name}: {words}")));
            }
        }
        Ok(file)
    }

    fn read(&self, text: &str) -> Result<ResumeToken, Failure> {
        let words: Vec<_> = text.split_whitespace().collect();
        let [pin, token] = words[..] else {
            return Err(self.damaged());
        };
        let (Ok(pin), Ok(token)) = (pin.parse::<Pin>(), token.parse()) else {
            return Err(self.damaged());
        };
        if pin == self.pin {
            return Ok(token);
        }
        let name = self.path.display();
        Err(Failure::usage(format!(
            "{name} is of a session of the relay with pin {pin}: use that --pin, or remove the file to join as another player"
        )))
    }

    fn damaged(&self) -> Failure {
        let name = self.path.display();
        let message = format!("{name} is no resume file: remove it to join as another player");
        Failure::new(Exit::Damaged, message)
    }

    /// What was there at the start, or is now.
    pub(crate) const fn token(&self) -> Option<ResumeToken> {
        self.token
    }

    /// Writes what the player would come back with, if that is new. If it cannot be, that is told once.
    pub(crate) fn follow(&mut self, token: Option<ResumeToken>) {
        if token.is_none() || token == self.token || self.failed.is_some() {
            return;
        }
        self.token = token;
        let line = token.map_or_else(String::new, |token| format!("{} {token}\n", self.pin));
        if let Err(failure) = file::replace_private(&self.path, line.as_bytes()) {
            complain(&format!("{}; the match goes on", failure.message));
            self.failed = Some(failure);
        }
    }

    /// The session is over for the player: there is nothing to come back to.
    pub(crate) fn remove(&mut self) {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound && self.failed.is_none() => {
                let (name, words) = (self.path.display(), in_words(&error));
                self.failed = Some(Failure::internal(format!("cannot remove {name}: {words}")));
            }
            _ => {}
        }
    }

    /// Whether all went well, be it long ago.
    pub(crate) fn close(self) -> Result<(), Failure> {
        self.failed.map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIN: Pin = Pin([7; 32]);

    /// A path of the test's own, without a file.
    fn place(name: &str) -> PathBuf {
        let path =
            std::env::temp_dir().join(format!("phalanx-resume-{}-{name}", std::process::id()));
        let _ = fs::remove_file(&path);
        path
    }

    fn token(digit: &str) -> ResumeToken {
        digit.repeat(64).parse().unwrap()
    }

    #[test]
    fn the_next_process_finds_the_token_and_nobody_else() {
        let path = place("kept");
        let mut file = ResumeFile::open(&path, PIN).unwrap();
        assert_eq!(file.token(), None);
        file.follow(None);
        assert!(!path.exists());
        file.follow(Some(token("a")));
        assert_eq!(
            ResumeFile::open(&path, PIN).unwrap().token(),
            Some(token("a"))
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        file.remove();
        assert!(!path.exists());
        file.close().unwrap();
    }

    #[test]
    fn another_relay_does_not_see_it() {
        let path = place("other");
        ResumeFile::open(&path, PIN)
            .unwrap()
            .follow(Some(token("b")));
        let failure = ResumeFile::open(&path, Pin([8; 32])).err().unwrap();
        assert_eq!(failure.exit, Exit::Usage);
        assert!(
            failure.message.contains(&PIN.to_string()),
            "{}",
            failure.message
        );
        assert!(!failure.message.contains(&token("b").to_string()));
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn something_else_is_damaged() {
        let path = place("damaged");
        let short = format!("{PIN} {}", "a".repeat(63));
        let three = format!("{PIN} {} x", "a".repeat(64));
        let cases = [
            b"".as_slice(),
            b"phalanx",
            &[0xff; 40],
            short.as_bytes(),
            three.as_bytes(),
        ];
        for bytes in cases {
            fs::write(&path, bytes).unwrap();
            let failure = ResumeFile::open(&path, PIN).err().unwrap();
            assert_eq!(failure.exit, Exit::Damaged, "{bytes:?}");
        }
        fs::remove_file(path).unwrap();
    }
}
