private import Synchronization

/// A value that one thread at a time may use.
///
/// It stands for `Mutex` wherever a lock is wanted: Swift 6.3 puts `Mutex.withLock` into the function that calls it, and in an optimised
/// `async` function the address of the thread's own number may be kept across an `await`. The lock is then taken in the name of the
/// thread that the function ran on before, and giving it back ends the program ("Call to unlock Mutex on a thread which hasn't acquired
/// the lock"). A call that is never inlined asks for the number anew.
public final class Locked<Value>: Sendable {
    private let mutex: Mutex<Value>

    public init(_ value: consuming sending Value) { mutex = Mutex(value) }

    /// Does something with the value that no other thread may use meanwhile; it must not wait for anything.
    @inline(never)
    public func withLock<Result, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        try mutex.withLock(body)
    }
}
