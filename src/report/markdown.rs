//! A page as Markdown, and its tables as CSV.

use super::escape;
use super::outline::Outline;
use super::page::{Block, Cell, Page, Table};
use std::fmt::Write;

impl Page {
    /// The page as Markdown: `CommonMark`, with tables as GitHub has them.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut page = String::from("# ");
        page.push_str(&escape::markdown(&self.heading(), false, escape::code));
        page.push('\n');
        for block in &self.blocks {
            page.push('\n');
            block.markdown(&mut page);
        }
        page
    }
}

impl Block {
    pub(super) fn markdown(&self, page: &mut String) {
        let line = |line: &Outline| line.line(escape::code);
        // Writing to a `String` cannot fail.
        let _ = match self {
            Self::Section(heading) => writeln!(page, "## {}", line(heading)),
            Self::Line(words) => writeln!(page, "{}", line(words)),
            Self::List(lines) => {
                let list = lines.iter().cloned();
                Outline::new().under_all(list).items("", page);
                Ok(())
            }
            Self::Facts(facts) => {
                for (name, value) in facts {
                    let _ = writeln!(page, "- **{name}:** {}", line(value));
                }
                Ok(())
            }
            Self::Table(table) => table.markdown(page),
            Self::Figure(figure) => figure.table().markdown(page),
        };
    }
}

impl Table {
    fn markdown(&self, page: &mut String) -> std::fmt::Result {
        let caption = self.caption.line(escape::code);
        if self.rows.is_empty() {
            return writeln!(page, "**{caption}**: none");
        }
        writeln!(page, "**{caption}**\n")?;
        for column in &self.columns {
            write!(
                page,
                "| {} ",
                escape::markdown(&column.name, false, escape::code_in_cell)
            )?;
        }
        page.push_str("|\n");
        for column in &self.columns {
            page.push_str(if column.is_number { "|---:" } else { "|---" });
        }
        page.push_str("|\n");
        for row in &self.rows {
            for cell in row {
                match cell {
                    Cell::Empty => page.push_str("| – "),
                    Cell::Words(words) => write!(page, "| {} ", words.line(escape::code_in_cell))?,
                    Cell::Number(shown, _) => write!(page, "| {shown} ")?,
                }
            }
            page.push_str("|\n");
        }
        Ok(())
    }

    /// By RFC 4180, the names of the columns first.
    pub(super) fn csv(&self) -> String {
        let names = self.columns.iter().map(|column| escape::csv(&column.name));
        let mut lines = names.collect::<Vec<_>>().join(",");
        for row in &self.rows {
            let cells = row.iter().map(|cell| match cell {
                Cell::Empty => String::new(),
                Cell::Words(words) => escape::csv(&words.bare_words()),
                Cell::Number(_, exact) => exact.to_string(),
            });
            lines.push_str("\r\n");
            lines.push_str(&cells.collect::<Vec<_>>().join(","));
        }
        lines.push_str("\r\n");
        lines
    }
}
