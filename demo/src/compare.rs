//! What differs between two snapshots of one game.

use phalanx_engine::{Diff, GameIdentity, PathStep, Session, State, diff};

/// What differs between two worlds, at most `limit` differences: those of the session first.
pub(crate) fn compare<T: State>(left: &(Session, T), right: &(Session, T), limit: u32) -> Diff {
    let mut all = diff(&left.0, &right.0, limit);
    for difference in &mut all.differences {
        difference.path.0.insert(0, PathStep::Field("session"));
    }
    let found = u32::try_from(all.differences.len()).unwrap_or(limit);
    let state = diff(&left.1, &right.1, limit.saturating_sub(found));
    all.more |= state.more;
    all.differences.extend(state.differences);
    all
}

/// In what a game is another one than `ours`.
pub(crate) fn unlike(theirs: &GameIdentity, ours: &GameIdentity) -> String {
    // Foreign text, which stays within its line.
    let id = theirs.id.escape_debug();
    if theirs.id != ours.id {
        format!("of {id}, not of {}", ours.id)
    } else if theirs.version != ours.version {
        let (theirs, ours) = (theirs.version, ours.version);
        format!("of version {theirs} of {id}, and here is version {ours}")
    } else if theirs.schema != ours.schema {
        format!("of a {id} whose state has other fields or types than here")
    } else if theirs.content != ours.content {
        format!(
            "of a {id} with other content (of skirmish, other --units) than the one it is compared with"
        )
    } else {
        format!("of a {id} with other inputs or commands than here")
    }
}
