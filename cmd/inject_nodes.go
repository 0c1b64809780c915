package cmd

import (
	"iter"
	"text/template/parse"
)

// templateNodes yields a node of a template and all nodes below it, each once. A node
// may be changed when it is yielded: what is added to it is not yielded.
func templateNodes(root parse.Node) iter.Seq[parse.Node] {
	return func(yield func(parse.Node) bool) {
		stack := []parse.Node{root}
		for len(stack) > 0 {
			node := stack[len(stack)-1]
			stack = append(stack[:len(stack)-1], below(node)...)
			if !yield(node) {
				return
			}
		}
	}
}

// below lists the nodes that a node has.
func below(node parse.Node) (nodes []parse.Node) {
	branch := func(b *parse.BranchNode) []parse.Node {
		nodes := []parse.Node{b.Pipe, b.List}
		if b.ElseList != nil {
			nodes = append(nodes, b.ElseList)
		}
		return nodes
	}
	switch node := node.(type) {
	case *parse.ListNode:
		return node.Nodes
	case *parse.ActionNode:
		return []parse.Node{node.Pipe}
	case *parse.IfNode:
		return branch(&node.BranchNode)
	case *parse.RangeNode:
		return branch(&node.BranchNode)
	case *parse.WithNode:
		return branch(&node.BranchNode)
	case *parse.TemplateNode:
		if node.Pipe != nil {
			return []parse.Node{node.Pipe}
		}
	case *parse.PipeNode:
		for _, cmd := range node.Cmds {
			nodes = append(nodes, cmd)
		}
	case *parse.CommandNode:
		return node.Args
	case *parse.ChainNode:
		return []parse.Node{node.Node}
	}
	return nodes
}
