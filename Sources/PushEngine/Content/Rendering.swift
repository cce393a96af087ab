/// Why a template could not be rendered for one recipient.
package enum RenderingError: Error, Hashable, Sendable {
    /// Variables without a value, in the template's order.
    case missing([String])
}

/// Renders one template for many recipients: its variables are bound to columns, its escaping and tracking fixed.
package struct Renderer: Sendable {
    package let template: ContentTemplate
    /// For each variable of the template the column that holds it.
    private let columns: [Int]
    private let tracker: LinkTracker?

    /// Binds a template.
    ///
    /// - Parameters:
    ///   - template: what to render.
    ///   - columns: for each variable of the template, in its order, the column that holds it.
    ///   - tracking: puts a tracking parameter on links; nil leaves them alone.
    package init(_ template: ContentTemplate, columns: [Int], tracking: BusinessID? = nil) {
        precondition(columns.count == template.variables.count, "one column for each variable")
        self.template = template
        self.columns = columns
        tracker = tracking.map { LinkTracker($0) }
    }

    /// Renders every row of a crowd batch, in order.
    ///
    /// - Parameters:
    ///   - batch: rows of a file that has the columns bound.
    ///   - texts: takes the texts; what it holds is kept, so that its memory can be used again after `removeAll`.
    package func render(_ batch: CrowdBatch, into texts: inout RenderedTexts) {
        var plain: [UInt8] = []
        batch.bytes.withUnsafeBufferPointer { bytes in
            batch.fields.withUnsafeBufferPointer { fields in
                for row in 0..<batch.count {
                    let slices = UnsafeBufferPointer(
                        rebasing: fields[row * batch.columns..<(row + 1) * batch.columns]
                    )
                    for segment in template.segments {
                        if let tracker, segment.isTracked {
                            plain.removeAll(keepingCapacity: true)
                            append(segment, bytes, slices, to: &plain)
                            tracker.append(plain.span, to: &texts.bytes)
                        } else {
                            append(segment, bytes, slices, to: &texts.bytes)
                        }
                    }
                    texts.ends.append(texts.bytes.count)
                }
            }
        }
    }

    @inline(__always)
    private func append(
        _ segment: ContentTemplate.Segment,
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ slices: UnsafeBufferPointer<FieldSlice>,
        to out: inout [UInt8]
    ) {
        for piece in segment.pieces {
            switch piece {
            case .literal(let literal): out.append(contentsOf: literal)
            case .variable(let index, let target):
                let value = UnsafeBufferPointer(rebasing: bytes[slices[columns[index]].range])
                target.append(value.span, to: &out)
            }
        }
    }
}

extension ContentTemplate {
    /// Renders the template for one recipient, off the hot path.
    ///
    /// - Parameters:
    ///   - values: the variables by name; names that the template lacks are ignored.
    ///   - tracking: puts a tracking parameter on links; nil leaves them alone.
    /// - Returns: the text.
    /// - Throws: `RenderingError.missing` with every variable that has no value.
    package func render(
        _ values: [String: String],
        tracking: BusinessID? = nil
    ) throws(RenderingError) -> String {
        let missing = variables.filter { values[$0] == nil }
        guard missing.isEmpty else { throw .missing(missing) }
        let bound = variables.map { Array((values[$0] ?? "").utf8) }
        let tracker = tracking.map { LinkTracker($0) }
        var out: [UInt8] = []
        for segment in segments {
            var plain: [UInt8] = []
            for piece in segment.pieces {
                switch piece {
                case .literal(let literal): plain.append(contentsOf: literal)
                case .variable(let index, let target):
                    let value = bound[index]
                    target.append(value.span, to: &plain)
                }
            }
            if let tracker, segment.isTracked {
                tracker.append(plain.span, to: &out)
            } else {
                out.append(contentsOf: plain)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}

/// Texts one behind the other in one array.
package struct RenderedTexts: Sendable {
    package fileprivate(set) var bytes: [UInt8] = []
    /// Where each text ends.
    package fileprivate(set) var ends: [Int] = []

    package init() {}

    /// How many texts there are.
    package var count: Int { ends.count }

    /// Where the bytes of one text are.
    ///
    /// - Parameter index: the text's place, counted from 0.
    /// - Returns: the place of its bytes.
    package func range(_ index: Int) -> Range<Int> {
        (index == 0 ? 0 : ends[index - 1])..<ends[index]
    }

    /// One text, for what is off the hot path.
    ///
    /// - Parameter index: the text's place, counted from 0.
    /// - Returns: the text.
    package func text(_ index: Int) -> String {
        String(decoding: bytes[range(index)], as: UTF8.self)
    }

    /// Forgets the texts and keeps the memory.
    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
    }
}
