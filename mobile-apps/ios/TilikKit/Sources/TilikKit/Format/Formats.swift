import Foundation

/// Numbers, dates and distances as people here write them, in the language of the words beside them. Dates are in the
/// region's own time, which the core tells.
public struct Formats: Sendable {
    private let locale: Locale
    private let zone: TimeZone
    private let words: Words

    public init(words: Words, utcOffsetMin: Int32, locale: Locale? = nil) {
        self.words = words
        self.locale = locale ?? Locale(identifier: words("format_locale"))
        zone = TimeZone(secondsFromGMT: Int(utcOffsetMin) * 60) ?? TimeZone(secondsFromGMT: 0)!
    }

    // MARK: numbers

    /// `33.632`
    public func count<Number: BinaryInteger>(_ number: Number) -> String {
        decimal(Double(number), digits: 0)
    }

    /// `340 m`, `1,4 km`, `12 km`: never finer than a phone can know.
    public func distance(metres: UInt32) -> String {
        switch metres {
        case ..<100:
            return "\(metres) m"
        case ..<995:
            return "\((metres + 5) / 10 * 10) m"
        case ..<9950:
            return decimal(Double(metres) / 1000, digits: 1) + " km"
        default:
            return decimal(Double(metres) / 1000, digits: 0) + " km"
        }
    }

    /// `± 4 m`; worse is never rounded to better.
    public func accuracy(centimetres: Int64) -> String {
        "± " + count((max(centimetres, 0) + 99) / 100) + " m"
    }

    /// `812 KB`, `1,2 MB`: counted in thousands, as the phone's own settings do.
    public func bytes(_ bytes: UInt64) -> String {
        let units = ["B", "KB", "MB", "GB", "TB"]
        var size = Double(bytes)
        var unit = 0
        while size >= 999.5, unit < units.count - 1 {
            size /= 1000
            unit += 1
        }
        return decimal(size, digits: unit > 1 && size < 9.95 ? 1 : 0) + " " + units[unit]
    }

    // MARK: directions

    /// The bearing in words, one of eight; degrees from true north, clockwise.
    public func direction(bearing: UInt16) -> String {
        let names = ["n", "ne", "e", "se", "s", "sw", "w", "nw"]
        let eighth = Int((Double(bearing % 360) / 45).rounded()) % names.count
        return words("direction_" + names[eighth])
    }

    // MARK: dates

    /// `29 November 2026`
    public func day(micros: Int64) -> String {
        formatted(micros, template: "dMMMMy")
    }

    /// `09.14`
    public func time(micros: Int64) -> String {
        formatted(micros, template: "Hm")
    }

    /// `hari ini 09.14`, `kemarin 16.02`, `27 November 2026 08.30`
    public func moment(micros: Int64, now: Date = Date()) -> String {
        let days = daysBetween(micros, now)
        let time = time(micros: micros)
        switch days {
        case 0:
            return words("moment_today", time)
        case 1:
            return words("moment_yesterday", time)
        default:
            return day(micros: micros) + " " + time
        }
    }

    /// `November 2026`
    public func month(year: Int32, month: UInt32) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let date = calendar.date(from: DateComponents(year: Int(year), month: Int(month), day: 15)) ?? Date()
        return formatted(Int64(date.timeIntervalSince1970 * 1_000_000), template: "MMMMy")
    }

    /// Which month it is in the region.
    public func currentMonth(now: Date = Date()) -> (year: Int32, month: UInt32) {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let parts = calendar.dateComponents([.year, .month], from: now)
        return (Int32(parts.year ?? 2026), UInt32(parts.month ?? 1))
    }

    /// How long a window is still open: `Ditutup hari ini`, `Ditutup besok`, `Ditutup 5 hari lagi`.
    public func closes(inDays days: Int32) -> String {
        switch days {
        case ..<0:
            return words("closed_already")
        case 0:
            return words("closes_today")
        case 1:
            return words("closes_tomorrow")
        default:
            return words("closes_in_days", count(days))
        }
    }

    /// Seconds as the clock notice says them: `12 menit`, `3 jam 5 menit`, `2 hari`.
    public func span(seconds: Int64) -> String {
        let seconds = seconds.magnitude
        switch seconds {
        case ..<5400:
            return words("duration_minutes", count((seconds + 30) / 60))
        case ..<172_800:
            return words("duration_hours", count(seconds / 3600), count(seconds % 3600 / 60))
        default:
            return words("duration_days", count((seconds + 43_200) / 86_400))
        }
    }

    private func daysBetween(_ micros: Int64, _ now: Date) -> Int {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let then = calendar.startOfDay(for: date(micros))
        let today = calendar.startOfDay(for: now)
        return calendar.dateComponents([.day], from: then, to: today).day ?? 0
    }

    private func date(_ micros: Int64) -> Date {
        Date(timeIntervalSince1970: Double(micros) / 1_000_000)
    }

    private func formatted(_ micros: Int64, template: String) -> String {
        let formatter = DateFormatter()
        formatter.locale = locale
        formatter.timeZone = zone
        formatter.setLocalizedDateFormatFromTemplate(template)
        return formatter.string(from: date(micros))
    }

    private func decimal(_ number: Double, digits: Int) -> String {
        let formatter = NumberFormatter()
        formatter.locale = locale
        formatter.numberStyle = .decimal
        formatter.minimumFractionDigits = digits
        formatter.maximumFractionDigits = digits
        // Rounded here: not every Foundation keeps to the most digits.
        let scale = digits == 0 ? 1.0 : 10.0
        return formatter.string(from: NSNumber(value: (number * scale).rounded() / scale)) ?? String(number)
    }
}
