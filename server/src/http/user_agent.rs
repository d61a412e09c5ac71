//! From a browser's `User-Agent` to the two words its owner knows it by. The header itself is kept nowhere.

/// What a header holds, and what people call it. The first that fits counts: browsers also name those they descend from.
const BROWSERS: [(&str, &str); 8] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

const SYSTEMS: [(&str, &str); 8] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
];

/// `Chrome, Windows`; what is not known is left out, and nothing of what the sender wrote is repeated.
pub(super) fn words(header: &str) -> Option<String> {
    let find = |list: &[(&str, &'static str)]| {
        list.iter()
            .find(|(mark, _)| header.contains(mark))
            .map(|(_, word)| *word)
    };
    let words: Vec<&str> = [find(&BROWSERS), find(&SYSTEMS)]
        .into_iter()
        .flatten()
        .collect();
    (!words.is_empty()).then(|| words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn browsers_are_called_by_their_own_name_and_not_by_an_ancestors() {
        for (header, told) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
                "Chrome, Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
                "Edge, Windows",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-A145F) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
                "Samsung Internet, Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                "Safari, iPhone",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox, Linux",
            ),
        ] {
            assert_eq!(words(header).as_deref(), Some(told));
        }
    }

    #[test]
    fn what_a_stranger_writes_into_the_header_is_not_repeated() {
        assert_eq!(words("<script>alert(1)</script>"), None);
        assert_eq!(words(""), None);
        assert_eq!(
            words("Windows 3571034107850001").as_deref(),
            Some("Windows")
        );
    }
}
