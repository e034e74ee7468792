"""RFC 6962 trees agree with the RFC's vectors and with an independent library."""

from __future__ import annotations

import hashlib
import random

import pymerkle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence import merkle

# Leaves and roots of the RFC 6962 reference implementation's test vectors
# (certificate-transparency, merkle_tree_test), in hexadecimal.
LEAVES = [
    bytes.fromhex(text)
    for text in [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


class Tree:
    """A tree in a dictionary, grown in the given steps."""

    def __init__(self, leaves, steps=()):
        self.nodes = {}
        self.leaves = leaves
        size = 0
        for step in [*steps, len(leaves)]:
            hashes = [merkle.leaf_hash(leaf) for leaf in leaves[size : size + step]]
            read = {spot: self.nodes[spot] for spot in merkle.frontier(size)}
            fresh = merkle.append_nodes(
                size, hashes, lambda level, index, read=read: read[level, index]
            )
            self.nodes.update({(level, index): value for level, index, value in fresh})
            self.nodes.update({(0, size + i): value for i, value in enumerate(hashes)})
            size += len(hashes)

    def read(self, level, index):
        return self.nodes[level, index]

    def root(self, size):
        return merkle.root(size, self.read)


@pytest.fixture(scope="module")
def forty():
    return Tree([b"leaf %d" % i for i in range(40)])


def test_the_empty_tree_has_the_hash_of_nothing():
    assert merkle.root(0, Tree([]).read) == hashlib.sha256(b"").digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_reference_implementation(size):
    assert Tree(LEAVES).root(size).hex() == ROOTS[size - 1]


@settings(max_examples=40)
@given(st.lists(st.binary(max_size=8), max_size=70), st.lists(st.integers(1, 20), max_size=8))
def test_however_it_grew_a_tree_has_the_root_and_proofs_of_the_oracle(leaves, steps):
    tree = Tree(leaves, steps)
    oracle = pymerkle.InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        oracle.append_entry(leaf)
    size = len(leaves)
    if size:
        assert tree.root(size) == oracle.get_root(size)
        index = sum(steps) % size
        theirs = oracle.prove_inclusion(index + 1, size).serialize()["path"]
        ours = [step.hex() for step in merkle.inclusion_proof(index, size, tree.read)]
        assert theirs == [
            tree.read(0, index).hex(),
            *ours,
        ]  # the oracle's path begins with the leaf


@settings(max_examples=25)
@given(st.integers(1, 5_000), st.integers(0, 2**32 - 1))
def test_random_trees_of_up_to_5000_leaves_are_those_of_the_oracle(size, seed):
    draw = random.Random(seed)  # so many leaves are too much to draw one by one
    leaves = [draw.randbytes(draw.randint(0, 40)) for _ in range(size)]
    tree = Tree(leaves, [draw.randint(1, size) for _ in range(draw.randint(0, 5))])
    oracle = pymerkle.InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        oracle.append_entry(leaf)
    old, index = draw.randint(1, size), draw.randrange(size)
    for some in (size, old):
        assert tree.root(some) == oracle.get_root(some)
    path = oracle.prove_inclusion(index + 1, size).serialize()["path"]
    ours = merkle.inclusion_proof(index, size, tree.read)
    assert path[1:] == [step.hex() for step in ours]
    assert merkle.verify_inclusion(tree.read(0, index), index, size, ours, oracle.get_root(size))
    proof = merkle.consistency_proof(old, size, tree.read)
    roots = oracle.get_root(old), oracle.get_root(size)
    assert merkle.verify_consistency(old, size, *roots, proof)


def test_every_inclusion_proof_up_to_40_leaves_verifies_and_no_other_leaf_does(forty):
    for size in range(1, 41):
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, forty.read)
            leaf = forty.read(0, index)
            assert merkle.verify_inclusion(leaf, index, size, proof, forty.root(size))
            assert not merkle.verify_inclusion(
                merkle.leaf_hash(b"x"), index, size, proof, forty.root(size)
            )
            assert not merkle.verify_inclusion(leaf, index, size, [*proof, leaf], forty.root(size))
            assert not merkle.verify_inclusion(
                leaf, (index + 1) % 41, size, proof, forty.root(size)
            )
            if proof:
                assert not merkle.verify_inclusion(leaf, index, size, proof[:-1], forty.root(size))


def test_every_consistency_proof_up_to_40_leaves_verifies_and_no_forged_one_does(forty):
    for new in range(1, 41):
        for old in range(1, new + 1):
            proof = merkle.consistency_proof(old, new, forty.read)
            roots = (forty.root(old), forty.root(new))
            assert merkle.verify_consistency(old, new, *roots, proof)
            assert not merkle.verify_consistency(old, new, merkle.leaf_hash(b"x"), roots[1], proof)
            assert not merkle.verify_consistency(old, new, roots[0], merkle.leaf_hash(b"x"), proof)
            assert not merkle.verify_consistency(old, new, *roots, [*proof, roots[0]])
            if proof:
                assert not merkle.verify_consistency(old, new, *roots, proof[:-1])
                assert not merkle.verify_consistency(old, new, *roots, [])


def test_every_tree_extends_the_empty_one_without_proof(forty):
    assert merkle.verify_consistency(0, 5, merkle.EMPTY_ROOT, forty.root(5), [])
    assert not merkle.verify_consistency(0, 5, forty.root(1), forty.root(5), [])


@pytest.mark.parametrize(("old", "new"), [(5, 4), (-1, 4), (0, 4)])
def test_there_is_no_consistency_proof_backwards_or_from_nothing(forty, old, new):
    with pytest.raises(ValueError):
        merkle.consistency_proof(old, new, forty.read)


def test_a_tree_that_shrank_is_never_consistent(forty):
    assert not merkle.verify_consistency(5, 4, forty.root(5), forty.root(4), [])


@pytest.mark.parametrize("index", [-1, 4])
def test_there_is_no_inclusion_proof_for_a_leaf_outside_the_tree(forty, index):
    with pytest.raises(ValueError):
        merkle.inclusion_proof(index, 4, forty.read)
    assert not merkle.verify_inclusion(b"", index, 4, [], b"")


def test_an_append_reads_nothing_but_the_frontier():
    for size in range(70):
        tree = Tree([b"%d" % i for i in range(size)])
        asked = []

        def read(level, index, tree=tree, asked=asked):
            asked.append((level, index))
            return tree.read(level, index)

        merkle.append_nodes(size, [merkle.leaf_hash(b"%d" % i) for i in range(20)], read)
        assert set(asked) <= set(merkle.frontier(size))
