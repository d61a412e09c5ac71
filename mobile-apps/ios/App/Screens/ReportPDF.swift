import TilikKit
import UIKit

/// The month's report on A4.
enum ReportPDF {
    private static let page = CGRect(x: 0, y: 0, width: 595, height: 842)
    private static let margin = 48.0
    private static let rowHeight = 20.0

    static func draw(_ paper: ReportPaper) -> Data {
        let format = UIGraphicsPDFRendererFormat()
        format.documentInfo = [kCGPDFContextTitle as String: paper.title]
        let renderer = UIGraphicsPDFRenderer(bounds: page, format: format)
        let top = margin + 76
        let low = page.height - margin - 24
        let perPage = Int((low - top) / rowHeight) - 1
        // The sums follow the table, each on a line of its own.
        let lines = paper.rows.map { ($0, false) } + paper.sums.map { ([$0], true) }
        let pages = max(1, (lines.count + perPage - 1) / perPage)
        return renderer.pdfData { context in
            for number in 0 ..< pages {
                context.beginPage()
                text(paper.title, size: 18, bold: true, at: CGPoint(x: margin, y: margin))
                text(paper.officer, size: 12, bold: false, at: CGPoint(x: margin, y: margin + 28))
                row(paper.columns, bold: true, y: top)
                let some = lines.dropFirst(number * perPage).prefix(perPage)
                for (place, line) in some.enumerated() {
                    let y = top + Double(place + 1) * rowHeight
                    if line.1 {
                        text(line.0[0], size: 11, bold: true, at: CGPoint(x: margin, y: y))
                    } else {
                        row(line.0, bold: false, y: y)
                    }
                }
                text(
                    paper.page(String(number + 1), String(pages)), size: 9, bold: false,
                    at: CGPoint(x: margin, y: page.height - margin))
            }
        }
    }

    private static func row(_ cells: [String], bold: Bool, y: Double) {
        let width = (page.width - 2 * margin) / Double(max(cells.count, 1))
        for (place, cell) in cells.enumerated() {
            text(cell, size: 11, bold: bold, at: CGPoint(x: margin + Double(place) * width, y: y))
        }
    }

    private static func text(_ text: String, size: Double, bold: Bool, at point: CGPoint) {
        let font = bold ? UIFont.boldSystemFont(ofSize: size) : UIFont.systemFont(ofSize: size)
        (text as NSString).draw(at: point, withAttributes: [.font: font, .foregroundColor: UIColor.black])
    }
}
