package import Testing

/// Asks `condition` again and again until it holds; fails the test when it does not within `limit`.
///
/// The limit is generous because it only decides how long a broken test takes, not whether a right one passes.
package func eventually(
    _ what: Comment,
    within limit: Duration = .seconds(300),
    every pause: Duration = .milliseconds(5),
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let end = clock.now + limit
    while clock.now < end {
        if try await condition() { return }
        try await Task.sleep(for: pause)
    }
    Issue.record(what, sourceLocation: sourceLocation)
}
