//! What a chunk may hold, so that whatever the engine accepts can be proven and published.
//!
//! The numbers of one program stand in its file ([`Limits`]); the constants here are what this implementation can do
//! at all, and a program that asks for more is refused. Who could cheat: the author of the file, by smaller numbers,
//! which only make chunks smaller.

use serde::Deserialize;

/// Greatest height of a table of a proof, in bits.
pub const MAX_LOG_HEIGHT: usize = 20;
/// Most steps of one transaction.
pub const MAX_TRANSACTION_STEPS: u32 = 4096;
/// Most steps of one chunk: the differences of times are checked as 16-bit numbers.
pub const MAX_CHUNK_STEPS: u32 = 65_000;

/// The limits of a program's chunks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Most steps of a transaction.
    pub transaction_steps: u32,
    /// Most steps of a chunk.
    pub steps: u32,
    /// Most rows of any table of its proof.
    pub rows: u32,
    /// Most bytes of its messages and changed records as a batch publishes them.
    pub bytes: u32,
    /// Events that a batch publishes as messages, with the bytes of each.
    pub messages: Vec<Message>,
}

/// An event that is published.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "(String, u32)")]
pub struct Message {
    /// Name of the event.
    pub event: String,
    /// Its bytes in a batch.
    pub bytes: u32,
}

impl From<(String, u32)> for Message {
    fn from((event, bytes): (String, u32)) -> Self {
        Self { event, bytes }
    }
}

impl Limits {
    /// Bytes by which a batch grows with an event.
    pub(crate) fn message_bytes(&self, event: &str) -> u32 {
        let named = self.messages.iter().filter(|message| message.event == event);
        named.map(|message| message.bytes).sum()
    }
}
