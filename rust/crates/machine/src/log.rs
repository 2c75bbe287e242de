//! The log of a chunk: which steps ran, with which arguments and which advice; and the events of a transaction.

use serde::{Deserialize, Serialize};

use crate::compile::Compiled;

/// Steps in order, and the arguments and `find` answers of all of them, end to end: the program says how many each
/// step takes. Only a transaction's first step takes arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StepLog {
    pub(crate) steps: Vec<u16>,
    pub(crate) args: Vec<i64>,
    pub(crate) tape: Vec<u64>,
}

/// Lengths of a [`StepLog`], to return to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogMark {
    steps: usize,
    args: usize,
    tape: usize,
}

impl StepLog {
    pub(crate) fn mark(&self) -> LogMark {
        LogMark {
            steps: self.steps.len(),
            args: self.args.len(),
            tape: self.tape.len(),
        }
    }

    pub(crate) fn truncate(&mut self, mark: LogMark) {
        self.steps.truncate(mark.steps);
        self.args.truncate(mark.args);
        self.tape.truncate(mark.tape);
    }

    /// Whether every step exists and takes exactly the arguments and answers that are there.
    pub(crate) fn fits(&self, compiled: &Compiled) -> bool {
        let (mut args, mut tape) = (0, 0);
        for &step in &self.steps {
            let Some(code) = compiled.steps.get(step as usize) else {
                return false;
            };
            args += code.inputs.len();
            tape += code.finds;
        }
        args == self.args.len() && tape == self.tape.len()
    }
}

/// An event: its kind, by position in the program, and its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Position in the program's list of events.
    pub kind: u16,
    /// Signed values, as many as the kind has fields.
    pub fields: Vec<i64>,
}

/// Events of one transaction, end to end.
#[derive(Clone, Debug, Default)]
pub(crate) struct EventLog {
    heads: Vec<(u16, usize)>,
    fields: Vec<i64>,
}

impl EventLog {
    pub(crate) fn push(&mut self, kind: u16, fields: impl Iterator<Item = i64>) {
        self.heads.push((kind, self.fields.len()));
        self.fields.extend(fields);
    }

    pub(crate) fn len(&self) -> usize {
        self.heads.len()
    }

    pub(crate) fn truncate(&mut self, length: usize) {
        if let Some(&(_, start)) = self.heads.get(length) {
            self.heads.truncate(length);
            self.fields.truncate(start);
        }
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = (u16, &[i64])> {
        let ends = self.heads.iter().skip(1).map(|head| head.1).chain([self.fields.len()]);
        self.heads
            .iter()
            .zip(ends)
            .map(|(&(kind, start), end)| (kind, &self.fields[start..end]))
    }
}
