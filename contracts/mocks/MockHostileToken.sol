// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title A token that behaves badly on request, to test the vault.
contract MockHostileToken {
    enum Mood {
        Honest,
        TakesFee,
        ReturnsFalse,
        ReturnsNothing,
        CallsBack
    }

    uint8 public decimals = 6;
    Mood public mood;
    bytes public callback;
    /// What the vault answered to the last callback.
    bytes public answer;
    mapping(address owner => uint256) public balanceOf;

    function set(uint8 decimals_, Mood mood_, bytes calldata callback_) external {
        decimals = decimals_;
        mood = mood_;
        callback = callback_;
    }

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        return move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        return move(from, to, amount);
    }

    function move(address from, address to, uint256 amount) private returns (bool) {
        if (mood == Mood.ReturnsFalse) return false;
        if (mood == Mood.CallsBack) (, answer) = msg.sender.call(callback);
        balanceOf[from] -= amount;
        balanceOf[to] += mood == Mood.TakesFee ? amount - 1 : amount;
        if (mood == Mood.ReturnsNothing) {
            assembly ("memory-safe") {
                return(0, 0)
            }
        }
        return true;
    }
}
