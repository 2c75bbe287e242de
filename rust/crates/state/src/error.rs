//! What can be wrong with input to this crate.

/// A reason why input was refused; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("address {0} is not below 2^37")]
    Address(u64),
    #[error("word {0} is not below the field's modulus")]
    Word(u64),
    #[error("leaf {0} is out of order, repeated or not below 2^36")]
    Leaf(u64),
    #[error("address {0} is not among the touched leaves")]
    Untouched(u64),
    #[error("the partial tree has {found} sibling digests, its leaves need {needed}")]
    Siblings { found: usize, needed: usize },
    #[error("the partial tree does not have the stated root")]
    Root,
    #[error("a digest is 32 bytes, not {0}")]
    DigestLength(usize),
}
