//! [`Screen`], the terminal as long as we draw in it.

use core::mem::ManuallyDrop;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::panic::{self, PanicHookInfo};
use std::sync::Arc;

use crossterm::event::{
    self, DisableFocusChange, EnableFocusChange, Event, KeyboardEnhancementFlags,
    PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
};
use crossterm::terminal::{
    self, BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen,
};
use crossterm::{cursor, execute, queue};
use phalanx_netcode::Time;
use ratatui::backend::CrosstermBackend;
use ratatui::{Frame, Terminal};

/// Between two drawings, on average: 60 per second.
const PERIOD: Duration = Duration::from_nanos(16_666_667);
/// A drawing may come this much before its time, so that a tick that is a little early is drawn.
const SLACK: Duration = Duration::from_millis(4);
/// One frame is one write, up to this many bytes.
const BUFFER_BYTES: usize = 1 << 16;

/// Set while the terminal is ours.
static OPEN: AtomicBool = AtomicBool::new(false);
/// Set while the terminal was asked to report releases.
static ENHANCED: AtomicBool = AtomicBool::new(false);

/// Why there is no [`Screen`].
#[derive(Debug, thiserror::Error)]
pub enum ScreenError {
    /// The output goes to a file, a pipe or nowhere.
    #[error(
        "the output is not a terminal: run this in one, or without `--watch`, or let the computer \
         play with `--bot`"
    )]
    NoTerminal,
    /// There is one already, and one terminal.
    #[error("the terminal is in use by another screen")]
    InUse,
    /// The terminal did not do what it was told.
    #[error("the terminal failed: {0}")]
    Io(#[from] io::Error),
}

type Hook = dyn Fn(&PanicHookInfo<'_>) + Send + Sync;

/// The terminal in raw mode, on its alternate screen. Dropping it restores the terminal; a panic
/// restores it before its message is printed.
///
/// A driver that ends the process without unwinding calls [`restore`] first.
pub struct Screen {
    /// Never dropped: that would show the cursor, which [`restore`] does, and panic if nobody is
    /// there to be told that it failed.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<BufWriter<Stdout>>>>,
    due: Time,
    hook: Arc<Hook>,
}

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    /// [`ScreenError::NoTerminal`] if the output is none; others tell what failed.
    pub fn open() -> Result<Self, ScreenError> {
        if !io::stdout().is_terminal() {
            return Err(ScreenError::NoTerminal);
        }
        if OPEN.swap(true, Ordering::SeqCst) {
            return Err(ScreenError::InUse);
        }
        let hook: Arc<Hook> = panic::take_hook().into();
        let previous = Arc::clone(&hook);
        panic::set_hook(Box::new(move |info| {
            restore();
            previous(info);
        }));
        // From here on, an early return drops `screen`, and that restores.
        let out = BufWriter::with_capacity(BUFFER_BYTES, io::stdout());
        let terminal = Terminal::new(CrosstermBackend::new(out)).inspect_err(|_| restore())?;
        let screen = Self {
            terminal: ManuallyDrop::new(terminal),
            due: Time::ZERO,
            hook,
        };
        terminal::enable_raw_mode()?;
        execute!(
            io::stdout(),
            EnterAlternateScreen,
            EnableFocusChange,
            cursor::Hide
        )?;
        // Asks the terminal and waits for its answer; one that does not know the question gives
        // the answer to the next.
        if terminal::supports_keyboard_enhancement().unwrap_or(false) {
            let flags = KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES
                | KeyboardEnhancementFlags::REPORT_EVENT_TYPES
                // Without it shift alone is not reported.
                | KeyboardEnhancementFlags::REPORT_ALL_KEYS_AS_ESCAPE_CODES;
            ENHANCED.store(true, Ordering::SeqCst);
            execute!(io::stdout(), PushKeyboardEnhancementFlags(flags))?;
        }
        Ok(screen)
    }

    /// Whether the terminal tells when a key is released.
    #[must_use]
    pub fn reports_releases(&self) -> bool {
        ENHANCED.load(Ordering::SeqCst) || cfg!(windows)
    }

    /// A key or another event that has come; `None` if there is none. Never waits, so it fits a
    /// loop of any kind: call it until `None` before every sample of the keyboard.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn event(&mut self) -> io::Result<Option<Event>> {
        if is_hung_up()? {
            return Err(io::Error::other("the terminal was closed"));
        }
        if event::poll(Duration::ZERO)? {
            event::read().map(Some)
        } else {
            Ok(None)
        }
    }

    /// Draws, unless it was done less than 1/60 s ago; returns whether it did. Only what has
    /// changed is sent, as one write. If the terminal does not read, this waits.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn draw(&mut self, now: Time, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<bool> {
        if now + SLACK < self.due {
            return Ok(false);
        }
        self.due = self.due.max(now - PERIOD) + PERIOD;
        // Terminals that know it show the whole frame at once; others ignore it.
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(render)?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        Ok(true)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
        // A panicking thread may not touch the hook.
        if !std::thread::panicking() {
            let hook = Arc::clone(&self.hook);
            panic::set_hook(Box::new(move |info| hook(info)));
        }
    }
}

/// Whether nobody will ever type or read again: the window was closed, the connection cut.
/// Crossterm does not ask, and would look for keys there for ever.
#[cfg(unix)]
fn is_hung_up() -> io::Result<bool> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let out = io::stdout();
    // A hang-up is told unasked.
    let mut fds = [PollFd::new(&out, PollFlags::empty())];
    poll(&mut fds, Some(&Timespec::default()))?;
    Ok(fds[0].revents().intersects(PollFlags::HUP | PollFlags::ERR))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it may fail elsewhere")]
const fn is_hung_up() -> io::Result<bool> {
    Ok(false)
}

/// Gives the terminal back, if a [`Screen`] has it; does nothing otherwise. What fails is ignored:
/// there is nobody left to tell.
pub fn restore() {
    if !OPEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    if ENHANCED.swap(false, Ordering::SeqCst) {
        let _ = queue!(out, PopKeyboardEnhancementFlags);
    }
    let _ = queue!(
        out,
        EndSynchronizedUpdate,
        DisableFocusChange,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = out.flush();
    let _ = terminal::disable_raw_mode();
}
