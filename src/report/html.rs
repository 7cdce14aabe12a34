//! A page as HTML that needs nothing else: no script, no style from elsewhere, and foreign texts are only ever text.

use super::escape::{self, html as text};
use super::outline::{Outline, Tone, Word};
use super::page::{Block, Cell, Figure, Page, Table};
use std::fmt::Write;

const STYLE: &str = include_str!("page.css");

impl Outline {
    /// The same lines as one HTML page that needs nothing else: the first as a paragraph, the others as nested lists.
    #[must_use]
    pub fn html(&self, title: &str) -> String {
        self.page(title).html()
    }

    /// The same lines as a page of that title.
    #[must_use]
    pub fn page(&self, title: &str) -> Page {
        let page = Page::new("", title).line(self.head());
        page.list(self.below().iter().cloned())
    }

    fn listed(lines: &[Self], page: &mut String) {
        page.push_str("<ul>\n");
        for line in lines {
            page.push_str("<li>");
            page.push_str(&line.marked());
            if !line.is_bare() {
                page.push('\n');
                Self::listed(line.below(), page);
            }
            page.push_str("</li>\n");
        }
        page.push_str("</ul>\n");
    }

    fn marked(&self) -> String {
        let words = self.words().iter().map(|word| match word {
            Word::Own(words) => text(words),
            Word::Mark(tone, words) => {
                let class = match tone {
                    Tone::Good => "good",
                    Tone::Bad => "bad",
                    Tone::Open => "open",
                };
                let (sign, words) = (tone.sign(), text(words));
                format!("<span class=\"{class}\"><span aria-hidden=\"true\">{sign} </span>{words}</span>")
            }
            Word::Link(words, to) => {
                let to = escape::address(to).unwrap_or_default();
                format!("<a href=\"{}\" rel=\"noreferrer\">{}</a>", text(&to), text(words))
            }
            Word::At(at) => {
                let readable = super::outline::readable(*at);
                format!("<time datetime=\"{at}\">{readable}</time>")
            }
            Word::Name(name) => format!("<code>{}</code>", text(name)),
            Word::Prose(prose) if prose.trim().is_empty() => "(nothing)".to_owned(),
            Word::Prose(prose) => format!("<q>{}</q>", text(prose)),
        });
        words.collect()
    }
}

impl Page {
    /// The page as HTML in one file that needs nothing else: no script, no font and no image from elsewhere.
    ///
    /// It follows the reader's choice of dark or light, is made to be printed, and has its headings in order, its tables
    /// with captions, and a table behind each figure, for who reads it by ear.
    #[must_use]
    pub fn html(&self) -> String {
        let kind = if self.kind.is_empty() {
            String::new()
        } else {
            format!("<p class=\"kind\">{}</p>\n", text(self.kind))
        };
        let [colours, charts] = super::chart::STYLE;
        let styles = [colours, STYLE, charts].into_iter();
        let style = styles.flat_map(str::lines).collect::<String>();
        let mut page = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n<header>\n{kind}<h1>{}</h1>\n</header>\n",
            text(&self.heading()),
            text(&self.title)
        );
        for (place, block) in self.blocks.iter().enumerate() {
            block.html(place, &mut page);
        }
        page.push_str("</main>\n</body>\n</html>\n");
        page
    }
}

impl Block {
    fn html(&self, place: usize, page: &mut String) {
        // Writing to a `String` cannot fail.
        let _ = match self {
            Self::Section(heading) => writeln!(page, "<h2>{}</h2>", heading.marked()),
            Self::Line(line) => writeln!(page, "<p>{}</p>", line.marked()),
            Self::List(lines) => {
                Outline::listed(lines, page);
                Ok(())
            }
            Self::Facts(facts) => {
                page.push_str("<dl class=\"facts\">\n");
                for (name, value) in facts {
                    let value = value.marked();
                    let _ = writeln!(page, "<div><dt>{}</dt><dd>{value}</dd></div>", text(name));
                }
                page.push_str("</dl>\n");
                Ok(())
            }
            Self::Table(table) => table.html(page),
            Self::Figure(figure) => figure.html(place, page),
        };
    }
}

impl Table {
    fn html(&self, page: &mut String) -> std::fmt::Result {
        let caption = self.caption.marked();
        if self.rows.is_empty() {
            return writeln!(page, "<p class=\"none\">{caption}: none</p>");
        }
        let label = text(&self.caption.bare_words());
        write!(
            page,
            "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"{label}\">\n<table>\n\
             <caption>{caption}</caption>\n<thead>\n<tr>"
        )?;
        for column in &self.columns {
            let class = if column.is_number { " class=\"n\"" } else { "" };
            write!(page, "<th scope=\"col\"{class}>{}</th>", text(&column.name))?;
        }
        page.push_str("</tr>\n</thead>\n<tbody>\n");
        for row in &self.rows {
            page.push_str("<tr>");
            for (place, (cell, column)) in row.iter().zip(&self.columns).enumerate() {
                let class = if column.is_number { " class=\"n\"" } else { "" };
                let cell = match cell {
                    Cell::Empty => "<span class=\"none\">–</span>".to_owned(),
                    Cell::Words(words) => words.marked(),
                    Cell::Number(shown, _) => text(shown),
                };
                if place == 0 {
                    write!(page, "<th scope=\"row\"{class}>{cell}</th>")?;
                } else {
                    write!(page, "<td{class}>{cell}</td>")?;
                }
            }
            page.push_str("</tr>\n");
        }
        page.push_str("</tbody>\n</table>\n</div>\n");
        Ok(())
    }
}

impl Figure {
    fn html(&self, place: usize, page: &mut String) -> std::fmt::Result {
        let (caption, label) = (self.caption.marked(), text(&self.caption.bare_words()));
        write!(
            page,
            "<figure>\n<figcaption>{caption}</figcaption>\n\
             <div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"{label}\">\n"
        )?;
        page.push_str(&self.drawn(place));
        page.push_str("</div>\n<details>\n<summary>The values of this figure</summary>\n");
        let mut table = self.table();
        table.caption = table.caption.own(": values");
        table.html(page)?;
        page.push_str("</details>\n</figure>\n");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::escape::HOSTILE;
    use super::*;
    use crate::phase::visible;

    /// What a reader of HTML gets back.
    fn read(html: &str) -> String {
        let plain = html.replace("&lt;", "<").replace("&gt;", ">");
        let plain = plain.replace("&quot;", "\"").replace("&#39;", "'");
        plain.replace("&amp;", "&")
    }

    const MORE: [&str; 6] = [
        "</code></li></ul><script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "&lt;b&gt; &#x3c;",
        "<!-- --> <![CDATA[ ]]>",
        "</title><style>*{display:none}</style>",
    ];

    #[test]
    fn a_foreign_text_comes_back_as_text_and_is_never_markup() {
        for hostile in HOSTILE.iter().chain(&MORE) {
            let safe = text(hostile);
            assert_eq!(read(&safe), visible(hostile), "{hostile}");
            assert!(!safe.contains(['<', '>', '"', '\'']), "{safe}");

            let line = || Outline::new().name(hostile).prose(hostile);
            let page = line().under(line().under(line())).html(hostile);
            let harmless = Outline::new().name("x").prose("x");
            let harmless = harmless.clone().under(harmless.clone().under(harmless));
            let tags = |page: &str| page.matches('<').count();
            assert_eq!(tags(&page), tags(&harmless.html("x")), "{page}");
        }
    }

    #[test]
    fn a_foreign_text_stays_on_its_line() {
        let page = Outline::new().name("a\nb\u{202e}c").html("d\r\ne");
        assert!(page.contains("<code>a↵b\\u{202e}c</code>"), "{page}");
        assert!(page.contains("<title>d↵e</title>"), "{page}");
    }

    #[test]
    fn lines_are_nested_as_they_stand() {
        let inner = Outline::new()
            .own("inner")
            .under(Outline::new().name("leaf"));
        let page = Outline::new().own("head").under(inner).html("Title");
        let body = page.split("<h1>").nth(1).unwrap();
        assert_eq!(
            body,
            "Title</h1>\n</header>\n<p>head</p>\n<ul>\n<li>inner\n<ul>\n<li><code>leaf</code></li>\n</ul>\n</li>\n</ul>\n\
             </main>\n</body>\n</html>\n"
        );
    }
}
